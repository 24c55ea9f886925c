"""What was published unsigned can be signed once; verifications can be asked for; people are told in slices."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from access_portal.audit.immutability import frozen_columns, undo

promises = import_module("release.migrations.0005_promises_of_six_states")
FROZEN = f"OLD.state NOT IN ({promises.OPEN})"
PROMISED = [column for column in promises.PROMISED if column != "signature"]
NAME = "release_release_signed_once"
WHEN = f"{FROZEN} AND OLD.signature <> '' AND NEW.signature <> OLD.signature"
MESSAGE = "release_release is frozen"


def create(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    trigger = f"CREATE TRIGGER {NAME} BEFORE UPDATE ON release_release"
    if schema.connection.vendor == "sqlite":
        schema.execute(f"{trigger} WHEN {WHEN} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END")
        return
    schema.execute(
        f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    schema.execute(f"{trigger} FOR EACH ROW WHEN ({WHEN}) EXECUTE FUNCTION {NAME}()")


def drop(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    if schema.connection.vendor == "sqlite":
        schema.execute(f"DROP TRIGGER IF EXISTS {NAME}")
        return
    schema.execute(f"DROP TRIGGER {NAME} ON release_release")
    schema.execute(f"DROP FUNCTION {NAME}()")


class Migration(migrations.Migration):
    dependencies = [
        ("release", "0005_promises_of_six_states"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("release", "told_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("release", "verification_asked_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "release",
            "verification_asked_by",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        undo(frozen_columns("release_release", promises.PROMISED, FROZEN)),
        frozen_columns("release_release", PROMISED, FROZEN),
        migrations.RunPython(create, drop),
    ]  # fmt: skip
