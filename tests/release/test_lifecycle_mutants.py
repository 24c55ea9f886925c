"""The table written by hand would notice any single fault in the table of `lifecycle.py`, and in how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from release import lifecycle
from release.lifecycle import TABLE, Command, Condition, State, Step, Who
from release.standing import standing, unmet
from tests.access_portal.applications.mutation import load
from tests.release.life_table import CELLS, NOW, Cell, World

pytestmark = pytest.mark.django_db
Key = tuple[State | None, Command]
Person = tuple[State | None, Who | None, frozenset[Condition]]
People = Mapping[Cell, Person]


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any, s3_server: str) -> Iterator[People]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        yield {cell: _person(world, cell) for cell in CELLS}
        transaction.set_rollback(True)


def _person(world: World, cell: Cell) -> Person:
    with override_settings(RELEASE_TWO_PEOPLE=cell.two):
        release, actor = world.release(cell.situation), world.actors[cell.role]
        state = None if release is None else State(release.state)
        return state, standing(actor, NOW), unmet(release, actor, NOW)


def fits(module: Any, people: People, command: str | None = None) -> bool:
    """Whether this lifecycle says what the hand-written table says, of one command or of all."""
    return all(_fits(module, people[cell], cell) for cell in CELLS if command is None or cell.command == command)


def _fits(module: Any, person: Person, cell: Cell) -> bool:
    state, who, conditions = person
    found = module.obstacle(state, cell.command, who, conditions)
    said = "ok" if found is None else "role_missing" if who is None else str(found)
    allowed = cell.command in module.allowed(state, who, conditions)
    if said != cell.expected or allowed != (cell.expected == "ok"):
        return False
    return not allowed or str(module.leads_to(state, cell.command)) == cell.after


def table_mutants() -> Iterator[tuple[str, Key, Step | None]]:
    """Every row taken away, and each with one person, one condition or one target too many, too few or another."""
    for key, step in TABLE.items():
        name = f"{key[0]}-{key[1]}"
        yield f"{name}: gone", key, None
        for who in Who:
            mutant = tuple(one for one in step.who if one != who) if who in step.who else (*step.who, who)
            yield f"{name}: {who}", key, replace(step, who=mutant)
        for condition in step.conditions:
            rest = tuple(one for one in step.conditions if one != condition)
            yield f"{name}: not {condition}", key, replace(step, conditions=rest)
        yield f"{name}: elsewhere", key, replace(step, to=State.STAGED if step.to != State.STAGED else State.VERIFIED)


def test_the_lifecycle_fits_the_table(people: People) -> None:
    assert fits(lifecycle, people)
    assert settings.RELEASE_KEY is not None


@pytest.mark.parametrize(
    ("name", "key", "step"),
    [mutant for mutant in table_mutants() if not mutant[0].endswith("no_release_key")],  # held by its own test
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_in_a_row_is_noticed(
    name: str, key: Key, step: Step | None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {k: s for k, s in TABLE.items() if k != key} | ({key: step} if step else {})
    business = {c: frozenset(w for (_s, n), s in table.items() if n == c for w in s.who) for c in Command}
    monkeypatch.setattr(lifecycle, "TABLE", table)
    monkeypatch.setattr(lifecycle, "BUSINESS_OF", business)
    assert not fits(lifecycle, people, str(key[1])), name


READING = [
    ("if who not in BUSINESS_OF[command]:", "if False:"),
    ("    if who not in step.who:\n        return Obstacle.NOT_THEIRS\n", ""),
    ("if state in FINAL_STATES and command in FINAL_FOR else", "if command in FINAL_FOR else"),
    ("if state in FINAL_STATES and command in FINAL_FOR else", "if state in FINAL_STATES else"),
    ("if condition in unmet), None)", "if condition not in unmet), None)"),
    ("if condition in unmet), None)", "if False), None)"),
    ("if obstacle(state, command, who, unmet) is None)", "if (state, command) in TABLE)"),
    ("if obstacle(state, command, who, unmet) is None)", "if obstacle(state, command, who, set()) is None)"),
]


@pytest.mark.parametrize(("found", "instead"), READING)
def test_a_fault_in_reading_it_is_noticed(
    found: str, instead: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = load(Path(lifecycle.__file__).read_text(), found, instead, monkeypatch)
    assert not fits(mutant, people)
