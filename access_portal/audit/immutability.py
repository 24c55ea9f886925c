"""Database triggers that keep promised rows as they are, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def _create(
    schema: BaseDatabaseSchemaEditor, name: str, table: str, event: str, when: str, message: str
) -> None:
    condition = f"WHEN ({when})" if when else ""
    if schema.connection.vendor == "sqlite":
        schema.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    schema.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    schema.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {name}()"
    )


def _drop(schema: BaseDatabaseSchemaEditor, name: str, table: str) -> None:
    schema.execute(f"DROP TRIGGER {name}" + ("" if schema.connection.vendor == "sqlite" else f" ON {table}"))


def append_only(table: str) -> migrations.RunPython:
    """A migration operation after which rows of `table` can be added but neither changed nor deleted."""
    message = f"{table} is append-only"

    def forwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        for event in ("UPDATE", "DELETE"):
            _create(schema, f"{table}_no_{event.lower()}", table, event, "", message)

    def backwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        for event in ("UPDATE", "DELETE"):
            _drop(schema, f"{table}_no_{event.lower()}", table)

    return migrations.RunPython(forwards, backwards)


def frozen_columns(table: str, columns: Sequence[str], when: str) -> migrations.RunPython:
    """A migration operation after which `columns` cannot change, nor the row be deleted, while `when` holds of the old row.

    `when` is SQL over `OLD`, for example `OLD.state <> 'staged'`.
    """
    message = f"{table} is frozen"

    def forwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        changed = " OR ".join(
            f"OLD.{schema.quote_name(c)} IS DISTINCT FROM NEW.{schema.quote_name(c)}" for c in columns
        )
        if schema.connection.vendor == "sqlite":  # `IS NOT` is SQLite's older spelling of the same test
            changed = changed.replace("IS DISTINCT FROM", "IS NOT")
        _create(schema, f"{table}_frozen", table, "UPDATE", f"({when}) AND ({changed})", message)
        _create(schema, f"{table}_kept", table, "DELETE", when, message)

    def backwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        _drop(schema, f"{table}_frozen", table)
        _drop(schema, f"{table}_kept", table)

    return migrations.RunPython(forwards, backwards)
