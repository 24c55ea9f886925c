"""What was published stays as it was, its files too; links that were made and reports that came stay on record."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from access_portal.audit.immutability import append_only, frozen_columns, no_truncate

OPEN = "'staged', 'verified', 'scheduled'"
PROMISED = [
    "variant_id", "version", "licence_version_id", "changelog", "manifest", "manifest_sha256", "commit", "signature",
    "staged_by_id", "staged_at", "verified_by_id", "verified_at", "scheduled_by_id", "publish_at", "published_by_id",
    "published_at",
]
MINTED = ["artifact_id", "user_id", "grant_id", "minted_at", "expires_at", "via", "counted_bytes"]
ALWAYS = "OLD.id IS NOT NULL"

# Table, event, when it is refused, why. The conditions look at another row, which PostgreSQL allows inside a trigger's
# function and SQLite in its WHEN.
REFUSED = {
    "release_release_goes_forward": (
        "release_release",
        "UPDATE",
        f"(OLD.state NOT IN ({OPEN}) AND NEW.state IN ({OPEN}))"
        " OR (OLD.state = 'deprecated' AND NEW.state NOT IN ('deprecated', 'withdrawn'))"
        " OR (OLD.state = 'withdrawn' AND (NEW.state <> 'withdrawn' OR NEW.withdrawn_reason <> OLD.withdrawn_reason))",
        "release_release only goes forward",
    ),
    **{
        f"release_artifact_frozen_{event.lower()}": (
            "release_artifact",
            event,
            f"EXISTS (SELECT 1 FROM release_release WHERE id IN ({rows}) AND state NOT IN ({OPEN}))",
            "release_artifact is frozen",
        )
        for event, rows in [
            ("INSERT", "NEW.release_id"),
            ("UPDATE", "OLD.release_id, NEW.release_id"),
            ("DELETE", "OLD.release_id"),
        ]
    },
}


def create(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for name, (table, event, when, message) in REFUSED.items():
        trigger = f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
        if schema.connection.vendor == "sqlite":
            schema.execute(f"{trigger} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END")
            continue
        row = "OLD" if event == "DELETE" else "NEW"
        schema.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} THEN"
            f" RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
            f" END IF; RETURN {row}; END $$"
        )
        schema.execute(f"{trigger} FOR EACH ROW EXECUTE FUNCTION {name}()")


def drop(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for name, (table, *_) in REFUSED.items():
        if schema.connection.vendor == "sqlite":
            schema.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            schema.execute(f"DROP TRIGGER {name} ON {table}")
            schema.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("release", "0004_signed_scheduled_counted")]

    operations = [
        frozen_columns("release_release", PROMISED, f"OLD.state NOT IN ({OPEN})"),
        migrations.RunPython(create, drop),
        frozen_columns("release_mint", MINTED, ALWAYS, erasable={"address": "NULL", "user_agent": "''"}),
        no_truncate("release_mint"),
        append_only("release_fetchreport"),
    ]
