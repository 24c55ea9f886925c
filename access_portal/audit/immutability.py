"""Database triggers that keep promised rows as they are, on SQLite and PostgreSQL alike.

SQLite drops a table's triggers when a later migration rebuilds the table: such a migration ends with these again.
"""

from collections.abc import Mapping, Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def _create(schema: BaseDatabaseSchemaEditor, name: str, table: str, event: str, when: str, message: str) -> None:
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
    if schema.connection.vendor == "sqlite":
        schema.execute(f"DROP TRIGGER IF EXISTS {name}")  # a rebuilt table has lost it already
        return
    schema.execute(f"DROP TRIGGER {name} ON {table}")
    schema.execute(f"DROP FUNCTION {name}()")


def _forbid_truncate(schema: BaseDatabaseSchemaEditor, table: str, function: str) -> None:
    """TRUNCATE passes by the triggers of rows, so it needs one of its own; SQLite has no such statement."""
    if schema.connection.vendor != "sqlite":
        schema.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {function}()")


def _allow_truncate(schema: BaseDatabaseSchemaEditor, table: str) -> None:
    if schema.connection.vendor != "sqlite":
        schema.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")


def append_only(table: str) -> migrations.RunPython:
    """A migration operation after which rows of `table` can be added but neither changed nor deleted."""
    message = f"{table} is append-only"

    def forwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        for event in ("UPDATE", "DELETE"):
            _create(schema, f"{table}_no_{event.lower()}", table, event, "", message)
        _forbid_truncate(schema, table, f"{table}_no_delete")

    def backwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        _allow_truncate(schema, table)
        for event in ("UPDATE", "DELETE"):
            _drop(schema, f"{table}_no_{event.lower()}", table)

    return migrations.RunPython(forwards, backwards)


def frozen_columns(
    table: str, columns: Sequence[str], when: str, erasable: Mapping[str, str] | None = None
) -> migrations.RunPython:
    """A migration operation after which rows for which `when` holds keep `columns` and cannot be deleted.

    `when` is SQL over `OLD`, for example `OLD.state <> 'staged'`. A column of `erasable` may change once, to the SQL
    value given for it (`''`, `'{}'`): what people wrote can be forgotten, but never rewritten.
    """
    message = f"{table} is frozen"

    def forwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        def differs(left: str, right: str) -> str:  # `IS NOT` is SQLite's older spelling of the same test
            return f"{left} IS {'NOT' if schema.connection.vendor == 'sqlite' else 'DISTINCT FROM'} {right}"

        def changed(column: str) -> str:
            name = schema.quote_name(column)
            return differs(f"OLD.{name}", f"NEW.{name}")

        def rewritten(column: str, empty: str) -> str:
            return f"({changed(column)} AND {differs(f'NEW.{schema.quote_name(column)}', empty)})"

        broken = [*map(changed, columns), *(rewritten(column, empty) for column, empty in (erasable or {}).items())]
        _create(schema, f"{table}_frozen", table, "UPDATE", f"({when}) AND ({' OR '.join(broken)})", message)
        _create(schema, f"{table}_kept", table, "DELETE", when, message)

    def backwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        _drop(schema, f"{table}_frozen", table)
        _drop(schema, f"{table}_kept", table)

    return migrations.RunPython(forwards, backwards)


def no_truncate(table: str) -> migrations.RunPython:
    """A migration operation after which a table with `frozen_columns` cannot be emptied at one stroke either."""

    def forwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        _forbid_truncate(schema, table, f"{table}_kept")

    def backwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        _allow_truncate(schema, table)

    return migrations.RunPython(forwards, backwards)


def undo(operation: migrations.RunPython) -> migrations.RunPython:
    """The opposite of one of the operations above, for a migration that has to change a table and freeze it anew."""
    assert operation.reverse_code is not None
    return migrations.RunPython(operation.reverse_code, operation.code)
