"""State by command by role: what the commands do and what the pages offer are what the table says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from access_portal.applications import commands
from access_portal.applications.standing import allowed_commands
from access_portal.applications.workflow import TABLE, Command, State
from tests.access_portal.applications.scenes import NOW
from tests.access_portal.applications.table import AFTER, ROLES, ROWS, SITUATIONS, Row, World, outcome

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


def test_the_table_is_complete() -> None:
    """Beginning is tried in test_drafting: before it there is no application whose state could matter."""
    given = set(Command) - {Command.CREATE}
    assert {(row.situation, row.command) for row in ROWS} == {(s, str(c)) for s in SITUATIONS for c in given}
    assert len(ROWS) == len(SITUATIONS) * len(given)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_command_ends_as_the_table_says(row: Row, world: World) -> None:
    assert {role: outcome(commands, world, row, role) for role in ROLES} == dict(zip(ROLES, row.expected, strict=True))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_button_is_there_exactly_when_the_command_goes_through(row: Row, world: World) -> None:
    offered = [
        role for role in ROLES if row.command in allowed_commands(world.case(row, role), world.actors[role], NOW)
    ]
    assert offered == [role for role, code in zip(ROLES, row.expected, strict=True) if code == "ok"]


def test_the_clock_gives_nobody_anything() -> None:
    """No approval by timeout: what the clock may do ends a case or files it away."""
    reached = {to for step in TABLE.values() if "timer" in step.who for to in step.to}
    assert reached == {State.EXPIRED, State.CLOSED}


def test_every_command_says_where_it_leads() -> None:
    stays = {"save", "reapply", "message", "note", "opine", "set_hold", "lift_hold"}
    assert set(AFTER) | stays == {str(command) for command in Command} - {"create"}
