"""The database of a test run: on SQLite a real file, and a flush that append-only tables let pass.

A test that commits (`transaction=True`) is followed by a flush, which no other statement could do: the triggers step
aside for it alone and are back before the next test.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

from tests import environment


@contextmanager
def triggers_aside(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """No trigger of this database runs inside."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            away, back = _drop_and_create(cursor.fetchall())
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table with checks still to come can be altered
            cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
            away, back = _disable_and_enable([name for (name,) in cursor.fetchall()])
        for statement in away:
            cursor.execute(statement)
        try:
            yield
        finally:
            for statement in back:
                cursor.execute(statement)


def _drop_and_create(triggers: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [f'DROP TRIGGER "{name}"' for name, _ in triggers], [sql for _, sql in triggers]


def _disable_and_enable(tables: Sequence[str]) -> tuple[list[str], list[str]]:
    return [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables], [
        f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables
    ]


@pytest.fixture(scope="session", autouse=True)
def flush_passes_by_triggers() -> Iterator[None]:
    plain = BaseDatabaseOperations.execute_sql_flush

    def flush(self: Any, sql_list: Sequence[str]) -> None:
        with triggers_aside(self.connection):
            plain(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in memory is shared by threads in a mode with other locks than a file has; people run on files."""
    default = connections["default"]
    if default.vendor == "sqlite":
        default.settings_dict["TEST"]["NAME"] = f"{environment.FOLDER}/test.sqlite3"
