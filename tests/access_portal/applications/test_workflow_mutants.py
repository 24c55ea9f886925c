"""The table written by hand would notice any single fault in the table of `workflow.py`, and in how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import transaction

from access_portal.applications import workflow
from access_portal.applications.models import Application
from access_portal.applications.standing import Mover, standing, state_seen, unmet
from access_portal.applications.workflow import TABLE, Command, Condition, State, Step, Who, conditions_in
from tests.access_portal.applications.mutation import load
from tests.access_portal.applications.scenes import NOW
from tests.access_portal.applications.table import ROLES, ROWS, SITUATIONS, STATE_OF, Row, World, after

pytestmark = pytest.mark.django_db
Key = tuple[State | None, Command]
CONDITIONS = {str(condition) for condition in Condition}


@dataclass(frozen=True)
class Person:
    """What one role is to the case of one situation."""

    who: frozenset[Who]
    unmet: frozenset[Condition]
    knows: bool  # of the state; where not, `standing` asks the workflow twice


People = Mapping[tuple[str, str], Person]


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[People]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        found = {}
        for situation in SITUATIONS:
            for role in ROLES:
                case, actor = world.cases[situation, "self" if role == "self" else "appl"], world.actors[role]
                found[situation, role] = person(case, actor)
        yield found
        transaction.set_rollback(True)


def person(case: Application, actor: Mover) -> Person:
    who = standing(case, actor, NOW)
    missing = unmet(case, actor, who, NOW, conditions_in(State(case.state)))
    return Person(who, missing, state_seen(case, actor, NOW) == case.state)


def fits(module: Any, people: People, command: str | None = None) -> bool:
    """Whether this workflow says what the hand-written table says, of one command or of all."""
    return all(
        _fits(module, people[row.situation, role], row, expected)
        for row in ROWS
        if command is None or row.command == command
        for role, expected in zip(ROLES, row.expected, strict=True)
        if people[row.situation, role].knows
    )


def _fits(module: Any, person: Person, row: Any, expected: str) -> bool:
    state, command = module.State(row.state), module.Command(row.command)
    found = module.obstacle(state, command, person.who, person.unmet)
    said = str(found) if found is not None else "ok"
    wanted = expected if expected in CONDITIONS | {"ok", "wrong_state"} else "not_theirs"
    if said != wanted or (command in module.allowed(state, person.who, person.unmet)) != (expected == "ok"):
        return False
    if expected != "ok":
        return True
    return str(_after_or_same(row)) in {str(target) for target in module.leads_to(state, command)}


def _after_or_same(row: Row) -> str:
    try:
        return after(row)
    except KeyError:  # it changes no state
        return STATE_OF.get(row.situation, row.situation)


def table_mutants() -> Iterator[tuple[str, Key, Step | None]]:
    """Every row taken away, and each with one person, one condition or one target too many, too few or another."""
    for key, step in TABLE.items():
        if key[0] is None:
            continue
        name = f"{key[0]}-{key[1]}"
        yield f"{name}: gone", key, None
        for who in Who:
            if who == Who.DECIDER and Who.REVIEWER in step.who:
                continue  # every decider without a conflict is a reviewer: nobody could tell the difference
            less = tuple(w for w in step.who if w != who)
            yield (
                f"{name}: {who}",
                key,
                replace(step, who=less or (_other(who),)) if who in step.who else replace(step, who=(*step.who, who)),
            )
        for condition in step.conditions:
            yield (
                f"{name}: not {condition}",
                key,
                replace(step, conditions=tuple(c for c in step.conditions if c != condition)),
            )
        other = State.CLOSED if State.CLOSED not in step.to else State.DRAFT
        yield f"{name}: elsewhere", key, replace(step, to=(other,))


def _other(who: Who) -> Who:
    return Who.TIMER if who != Who.TIMER else Who.ADMIN


def test_the_workflow_fits_the_table(people: People) -> None:
    assert fits(workflow, people)


@pytest.mark.parametrize(
    ("name", "key", "step"), list(table_mutants()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_fault_in_a_row_is_noticed(
    name: str, key: Key, step: Step | None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {k: s for k, s in TABLE.items() if k != key} | ({key: step} if step else {})
    business = {c: frozenset(w for (_s, n), s in table.items() if n == c for w in s.who) for c in Command}
    monkeypatch.setattr(workflow, "TABLE", table)
    monkeypatch.setattr(workflow, "BUSINESS_OF", business)
    assert not fits(workflow, people, str(key[1])), name


READING = [
    ("if who.isdisjoint(BUSINESS_OF[command]):", "if False:"),
    ("    if step is None:\n        return Obstacle.WRONG_STATE\n", "    if step is None:\n        return None\n"),
    ("if who.isdisjoint(step.who):", "if False:"),
    ("if condition in unmet), None)", "if condition not in unmet), None)"),
    ("if condition in unmet), None)", "if False), None)"),
    ("if obstacle(state, command, who, unmet) is None)", "if (state, command) in TABLE)"),
    ("if obstacle(state, command, who, unmet) is None)", "if obstacle(state, command, who, set()) is None)"),
]


@pytest.mark.parametrize(("found", "instead"), READING)
def test_a_fault_in_reading_it_is_noticed(
    found: str, instead: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant: ModuleType = load(Path(workflow.__file__).read_text(), found, instead, monkeypatch)
    assert not fits(mutant, people)
