"""State by command by role: what the commands do and what the pages offer are what the table says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from access_portal.applications import commands
from access_portal.applications.standing import allowed_commands
from access_portal.applications.workflow import Command, State
from tests.access_portal.applications.scenes import NOW
from tests.access_portal.applications.table import CELLS, Cell, World, outcome

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


def test_the_table_is_complete() -> None:
    states = {"lapsed", *State.values}
    assert {(cell.state, cell.command) for cell in CELLS} == {
        (state, command) for state in states for command in Command
    }
    assert len(CELLS) == len(set(map(str, CELLS))) == len(states) * len(Command) * 8


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_command_ends_as_the_table_says(cell: Cell, world: World) -> None:
    assert outcome(commands, world, cell) == cell.expected


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.command != "submit"], ids=str)
def test_a_button_is_there_exactly_when_the_command_goes_through(cell: Cell, world: World) -> None:
    buttons = allowed_commands(world.case(cell), world.actors[cell.role], NOW)
    assert (cell.command in buttons) == (cell.expected == "ok")
