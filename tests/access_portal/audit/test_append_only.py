"""The database itself refuses to change or remove what was promised to stay; `audit verify` finds it when forced."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from access_portal.audit.commands import record
from access_portal.audit.models import Event
from tests.database import triggers_aside
from tests.factories import make_acceptance, make_licence_version, make_user

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TABLES = {
    "audit_event": "name = 'nothing'",
    "licences_licenceversion": "text = 'Do what you like.'",
    "licences_licenceacceptance": "act = 'nothing'",
    "questionnaires_formversion": "number = 9",
}


@pytest.fixture
def rows(db: None) -> None:
    make_acceptance(make_user(), make_licence_version())
    for name in ("made", "changed", "closed"):
        record("user:1", name, actor=None, now=NOW, data={"count": 1})
    record("user:2", "made", actor=None, now=NOW)
    if connection.vendor == "postgresql":
        _sql("SET CONSTRAINTS ALL IMMEDIATE")  # as after a commit


def _sql(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("table", TABLES)
def test_database_refuses_to_change_or_delete_a_row(table: str) -> None:
    before = _rows(table)
    for statement in (f"UPDATE {table} SET {TABLES[table]}", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(DatabaseError, match=f"{table} is append-only"):
            _sql(statement)
    assert _rows(table) == before != []


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("table", TABLES)
def test_postgresql_refuses_to_truncate(table: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match=f"{table} is append-only"):
        _sql(f"TRUNCATE {table} CASCADE")


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("table", TABLES)
def test_sqlite_refuses_to_replace_a_row(table: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    with pytest.raises(DatabaseError, match=f"{table} is append-only"):
        _sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608


@pytest.mark.usefixtures("rows")
def test_verify_finds_every_chain_whole() -> None:
    out = StringIO()
    call_command("audit", "verify", stdout=out)
    assert "4 events in 2 chains: every chain is whole." in out.getvalue()


TAMPERING = {
    "a name": ("UPDATE audit_event SET name = 'x' WHERE subject = 'user:1' AND sequence = 2", 2),
    "a time": ("UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE subject = 'user:1' AND sequence = 1", 1),
    "a fact": ("UPDATE audit_event SET data = '{\"count\": 2}' WHERE subject = 'user:1' AND sequence = 3", 3),
    "a removed event": ("DELETE FROM audit_event WHERE subject = 'user:1' AND sequence = 2", 3),
    "a removed beginning": ("DELETE FROM audit_event WHERE subject = 'user:1' AND sequence = 1", 2),
    "a moved event": ("UPDATE audit_event SET sequence = 9 WHERE subject = 'user:1' AND sequence = 3", 9),
    "a new hash": ("UPDATE audit_event SET hash = 'f' WHERE subject = 'user:1' AND sequence = 1", 1),
}


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("what", TAMPERING)
def test_verify_names_the_first_broken_event(what: str) -> None:
    statement, place = TAMPERING[what]
    with triggers_aside(connection):
        assert _sql(statement) == 1
    broken = Event.objects.get(subject="user:1", sequence=place)
    err = StringIO()
    with pytest.raises(CommandError, match="1 of 2 chains") as failure:
        call_command("audit", "verify", stderr=err)
    assert failure.value.returncode == 1
    assert err.getvalue().startswith(f"broken: user:1, event {place} ({broken.name})")


def _rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - a constant of this file
        return list(cursor.fetchall())
