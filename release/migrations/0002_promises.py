"""Published releases stay as they are, their files too, and download links made stay on record."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from access_portal.audit.immutability import append_only, frozen_columns

PROMISED = [
    "variant_id", "version", "licence_version_id", "changelog", "manifest", "manifest_sha256", "commit",
    "staged_by_id", "staged_at", "published_by_id", "published_at",
]

# Table, event, when it is refused, why. The conditions look at another row, which PostgreSQL allows inside a trigger's
# function and SQLite in its WHEN.
REFUSED = {
    "release_release_goes_forward": (
        "release_release",
        "UPDATE",
        "(OLD.state <> 'staged' AND NEW.state = 'staged')"
        " OR (OLD.state = 'withdrawn' AND (NEW.state <> 'withdrawn' OR NEW.withdrawn_reason <> OLD.withdrawn_reason))",
        "release_release only goes forward",
    ),
    **{
        f"release_artifact_frozen_{event.lower()}": (
            "release_artifact",
            event,
            f"EXISTS (SELECT 1 FROM release_release WHERE id IN ({rows}) AND state <> 'staged')",
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
    dependencies = [("release", "0001_initial")]

    operations = [
        frozen_columns("release_release", PROMISED, "OLD.state <> 'staged'"),
        migrations.RunPython(create, drop),
        append_only("release_mint"),
    ]
