# ruff: noqa: E501
"""The table would notice any of these faults in `workflow.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import transaction

from access_portal.applications import workflow
from access_portal.applications.standing import standing
from tests.access_portal.applications.mutation import load
from tests.access_portal.applications.scenes import NOW
from tests.access_portal.applications.table import AFTER, CELLS, Cell, World

pytestmark = pytest.mark.django_db
SOURCE = Path(workflow.__file__).read_text()
MUTATIONS = [
    ("(None, Command.SUBMIT): Step(Who.APPLICANT, State.SUBMITTED)", "(None, Command.SUBMIT): Step(Who.APPLICANT, State.IN_REVIEW)"),
    ("(State.SUBMITTED, Command.CLAIM): Step(Who.REVIEWER, State.IN_REVIEW)", "(State.SUBMITTED, Command.CLAIM): Step(Who.REVIEWER, State.SUBMITTED)"),
    ("(State.SUBMITTED, Command.CLAIM): Step(Who.REVIEWER, State.IN_REVIEW)", "(State.SUBMITTED, Command.CLAIM): Step(Who.DECIDER, State.IN_REVIEW)"),
    ("(State.SUBMITTED, Command.CLAIM): Step(Who.REVIEWER, State.IN_REVIEW)", "(State.SUBMITTED, Command.APPROVE): Step(Who.DECIDER, State.APPROVED)"),
    ("(State.SUBMITTED, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN)", "(State.APPROVED, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN)"),
    ("(State.SUBMITTED, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN)", "(State.SUBMITTED, Command.WITHDRAW): Step(Who.APPLICANT, State.REFUSED)"),
    ("Step(Who.SUCCESSOR, State.IN_REVIEW)", "Step(Who.REVIEWER, State.IN_REVIEW)"),
    ("Step(Who.SUCCESSOR, State.IN_REVIEW)", "Step(Who.CLAIM_HOLDER, State.IN_REVIEW)"),
    ("Step(Who.CLAIM_HOLDER, State.SUBMITTED)", "Step(Who.REVIEWER, State.SUBMITTED)"),
    ("Step(Who.CLAIM_HOLDER, State.SUBMITTED)", "Step(Who.SUCCESSOR, State.SUBMITTED)"),
    ("Step(Who.CLAIM_HOLDER, State.SUBMITTED)", "Step(Who.CLAIM_HOLDER, State.IN_REVIEW)"),
    ("Step(Who.DECIDER, State.APPROVED)", "Step(Who.DECIDER, State.REFUSED)"),
    ("Step(Who.DECIDER, State.APPROVED)", "Step(Who.CLAIM_HOLDER, State.APPROVED)"),
    ("Step(Who.DECIDER, State.REFUSED)", "Step(Who.DECIDER, State.APPROVED)"),
    ("Step(Who.DECIDER, State.REFUSED)", "Step(Who.SUCCESSOR, State.REFUSED)"),
    ("(State.IN_REVIEW, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN)", "(State.REFUSED, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN)"),
    ("Command.SUBMIT: Who.APPLICANT", "Command.SUBMIT: Who.REVIEWER"),
    ("Command.CLAIM: Who.REVIEWER", "Command.CLAIM: Who.DECIDER"),
    ("Command.RELEASE: Who.REVIEWER", "Command.RELEASE: Who.CLAIM_HOLDER"),
    ("Command.APPROVE: Who.DECIDER", "Command.APPROVE: Who.REVIEWER"),
    ("Command.REFUSE: Who.DECIDER", "Command.REFUSE: Who.REVIEWER"),
    ("Command.WITHDRAW: Who.APPLICANT", "Command.WITHDRAW: Who.REVIEWER"),
    ("if BUSINESS_OF[command] not in who:", "if False:"),
    ("    if step is None:\n        return Obstacle.WRONG_STATE\n", "    if step is None:\n        return None\n"),
    ("return None if step.who in who else Obstacle.CLAIMED_BY_OTHER", "return None"),
    ("return None if step.who in who else Obstacle.CLAIMED_BY_OTHER", "return None if step.who in who else Obstacle.WRONG_STATE"),
    ("if obstacle(state, command, who) is None)", "if obstacle(state, command, who) is not Obstacle.WRONG_STATE)"),
    ("if obstacle(state, command, who) is None)", "if (state, command) in TABLE)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.mark.parametrize(("found", "instead"), [("", ""), *MUTATIONS])
def test_the_table_catches_a_fault_in_the_workflow(
    found: str, instead: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = load(SOURCE, found, instead, monkeypatch)
    assert all(fits(mutant, world, cell) for cell in CELLS) == (not found)


def fits(mutant: ModuleType, world: World, cell: Cell) -> bool:
    """Whether this workflow says of the cell what the table says, as far as a workflow can."""
    case = None if cell.command == "submit" else world.case(cell)
    who = standing(case, world.actors[cell.role], NOW)
    state, command = case and mutant.State(case.state), mutant.Command(cell.command)
    found = mutant.obstacle(state, command, who)
    open_to_all = cell.expected in ("ok", "already_open", "already_granted")  # those two are not the workflow's to say
    expected = (
        None if open_to_all else cell.expected if cell.expected in ("wrong_state", "claimed_by_other") else "not_theirs"
    )
    if found != expected or (command in mutant.allowed(state, who)) != (expected is None):
        return False
    return found is not None or mutant.leads_to(state, command) == AFTER[cell.command]
