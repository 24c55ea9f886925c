"""Each command by each role in each situation does what the table written by hand says, and the row is as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from release.lifecycle import Command
from tests.release.life_table import CELLS, COMMANDS, World, outcome

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, s3_server: str) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("two", [False, True], ids=["one person", "two people"])
def test_a_command_does_what_the_table_says(command: Command, two: bool, world: World, settings: Any) -> None:
    settings.RELEASE_TWO_PEOPLE = two
    wrong = []
    for cell in (cell for cell in CELLS if (cell.command, cell.two) == (command, two)):
        with transaction.atomic():
            found = outcome(world, cell)
            transaction.set_rollback(True)
        expected = cell.expected
        if expected == "ok" and cell.command in COMMANDS and cell.situation != "none":
            expected = f"ok: {cell.after}"
        if found != expected:
            wrong.append(f"{cell}: {found} instead of {expected}")
    assert not wrong


@pytest.mark.parametrize("command", [Command.PUBLISH, Command.SCHEDULE, Command.SIGN])
def test_without_a_key_nothing_is_published_scheduled_or_signed(command: Command, world: World, settings: Any) -> None:
    settings.RELEASE_KEY = None
    cells = [c for c in CELLS if c.command == command and c.expected == "ok" and not c.two]
    for cell in cells:
        assert outcome(world, cell) == "no_release_key", cell
