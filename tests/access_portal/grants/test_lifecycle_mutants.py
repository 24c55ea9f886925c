"""The table written by hand would notice any single fault in the table of `lifecycle.py`, and in how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from access_portal.grants import lifecycle
from access_portal.grants.conditions import unmet
from access_portal.grants.lifecycle import TABLE, Command, Condition, State, Step, Who
from access_portal.grants.standing import standing
from tests.access_portal.applications.mutation import load
from tests.access_portal.grants.life_scenes import NOW
from tests.access_portal.grants.life_table import ROLES, ROWS, Row, World

pytestmark = pytest.mark.django_db
Key = tuple[State, Command]
CONDITIONS = {str(condition) for condition in Condition}


@dataclass(frozen=True)
class Person:
    """What one role is to the grant of one situation."""

    who: frozenset[Who]
    unmet: frozenset[Condition]


People = Mapping[tuple[str, str], Person]


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[People]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        found = {}
        for row in {row.situation: row for row in ROWS}.values():
            for role in ROLES:
                grant, actor = world.grant(row, role), world.actors[role]
                found[row.situation, role] = Person(standing(grant, actor, NOW), unmet(grant, actor, NOW))
        yield found
        transaction.set_rollback(True)


def fits(module: Any, people: People, command: str | None = None) -> bool:
    """Whether this lifecycle says what the hand-written table says, of one command or of all."""
    return all(
        _fits(module, people[row.situation, role], row, expected)
        for row in ROWS
        if command is None or row.command == command
        for role, expected in zip(ROLES, row.expected, strict=True)
    )


def _fits(module: Any, person: Person, row: Row, expected: str) -> bool:
    state, command = module.State(row.state), module.Command(row.command)
    found = module.obstacle(state, command, person.who, person.unmet)
    said = "ok" if found is None else str(found)
    wanted = expected if expected in CONDITIONS | {"ok", "wrong_state"} else "not_theirs"
    if said != wanted or (command in module.allowed(state, person.who, person.unmet)) != (expected == "ok"):
        return False
    return expected != "ok" or str(module.leads_to(state, command)) == row.after


def table_mutants() -> Iterator[tuple[str, Key, Step | None]]:
    """Every row taken away, and each with one person, one condition or one target too many, too few or another."""
    for key, step in TABLE.items():
        name = f"{key[0]}-{key[1]}"
        yield f"{name}: gone", key, None
        for who in Who:
            if who in (Who.DECIDER, Who.ADMIN) and Who.STOPPER in step.who:
                continue  # every decider and administrator may stop things: nobody could tell the difference
            less = tuple(one for one in step.who if one != who)
            mutant = (less or (_other(who),)) if who in step.who else (*step.who, who)
            yield f"{name}: {who}", key, replace(step, who=mutant)
        for condition in step.conditions:
            rest = tuple(one for one in step.conditions if one != condition)
            yield f"{name}: not {condition}", key, replace(step, conditions=rest)
        yield f"{name}: elsewhere", key, replace(step, to=State.UNDONE if step.to != State.UNDONE else State.ACTIVE)


def _other(who: Who) -> Who:
    return Who.TIMER if who != Who.TIMER else Who.ADMIN


def test_the_lifecycle_fits_the_table(people: People) -> None:
    assert fits(lifecycle, people)


@pytest.mark.parametrize(
    ("name", "key", "step"), list(table_mutants()), ids=lambda value: value if isinstance(value, str) else ""
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
    ("if who.isdisjoint(BUSINESS_OF[command]):", "if False:"),
    ("    if step is None:\n        return Obstacle.WRONG_STATE\n", "    if step is None:\n        return None\n"),
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
