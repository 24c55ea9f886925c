"""State by command by role: what the commands do and what the pages offer are what the table says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from access_portal.grants import commands
from access_portal.grants.lifecycle import TABLE, Command, State
from access_portal.grants.standing import allowed_commands, state_of
from tests.access_portal.grants.life_scenes import NOW
from tests.access_portal.grants.life_table import ROLES, ROWS, SITUATIONS, Row, World, outcome, state_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


def test_the_table_is_complete() -> None:
    pairs = [(row.situation, row.command) for row in ROWS]
    nobody_is_invited = {(name, "join") for name in SITUATIONS if name.endswith("_single")}
    assert set(pairs) == {(name, str(command)) for name in SITUATIONS for command in Command} - nobody_is_invited
    assert len(pairs) == len(set(pairs))
    assert {State(state_in(name)) for name in SITUATIONS} == set(State) - {State.UNDONE}


def test_every_row_of_the_lifecycle_goes_through_for_somebody() -> None:
    gone_through = {(row.state, row.command) for row in ROWS if "ok" in row.expected}
    assert gone_through == {(str(state), str(command)) for state, command in TABLE}


def test_situations_are_in_the_state_that_they_are_said_to_be_in(world: World) -> None:
    for name in SITUATIONS:
        assert state_of(world.grants[name, "hold"], NOW) == state_in(name), name


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_command_ends_as_the_table_says(row: Row, world: World) -> None:
    assert tuple(outcome(commands, world, row, role) for role in ROLES) == row.expected


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("role", ROLES)
def test_a_button_is_there_exactly_when_the_command_goes_through(situation: str, role: str, world: World) -> None:
    rows = [row for row in ROWS if row.situation == situation]
    grant, actor = world.grant(rows[0], role), world.actors[role]
    offered = {str(command) for command in allowed_commands(grant, actor, NOW)}
    assert offered == {row.command for row in rows if row.expected[ROLES.index(role)] == "ok"}
