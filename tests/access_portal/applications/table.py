"""Every state by command by role, and what must come of it, written down by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, State
from access_portal.errors import GatehouseError
from tests.access_portal.applications.scenes import (
    HOUR,
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
    submit,
)
from tests.factories import make_grant, make_user

CODES = {
    "in": "not_signed_in", "404": "application_not_found", "role": "role_missing", "own": "own_case",
    "state": "wrong_state", "held": "claimed_by_other", "open": "already_open", "have": "already_granted", "ok": "ok",
}  # fmt: skip

# `lapsed` is in_review with a claim of three hours ago. `self` is a decider whose own application it is.
TEXT = """
state      command   anonymous  applicant  outsider  reviewer  holder  decider  self   manager
submitted  submit    in         open       ok        ok        ok      ok       open   ok
submitted  claim     in         role       role      ok        ok      ok       own    role
submitted  release   in         role       role      state     state   state    own    role
submitted  approve   in         role       role      role      role    state    own    role
submitted  refuse    in         role       role      role      role    state    own    role
submitted  withdraw  in         ok         404       404       404     404      ok     404
in_review  submit    in         open       ok        ok        ok      ok       open   ok
in_review  claim     in         role       role      held      ok      held     own    role
in_review  release   in         role       role      held      ok      held     own    role
in_review  approve   in         role       role      role      role    ok       own    role
in_review  refuse    in         role       role      role      role    ok       own    role
in_review  withdraw  in         ok         404       404       404     404      ok     404
lapsed     submit    in         open       ok        ok        ok      ok       open   ok
lapsed     claim     in         role       role      ok        ok      ok       own    role
lapsed     release   in         role       role      held      ok      held     own    role
lapsed     approve   in         role       role      role      role    ok       own    role
lapsed     refuse    in         role       role      role      role    ok       own    role
lapsed     withdraw  in         ok         404       404       404     404      ok     404
approved   submit    in         have       ok        ok        ok      ok       have   ok
approved   claim     in         role       role      state     state   state    own    role
approved   release   in         role       role      state     state   state    own    role
approved   approve   in         role       role      role      role    state    own    role
approved   refuse    in         role       role      role      role    state    own    role
approved   withdraw  in         state      404       404       404     404      state  404
refused    submit    in         ok         ok        ok        ok      ok       ok     ok
refused    claim     in         role       role      state     state   state    own    role
refused    release   in         role       role      state     state   state    own    role
refused    approve   in         role       role      role      role    state    own    role
refused    refuse    in         role       role      role      role    state    own    role
refused    withdraw  in         state      404       404       404     404      state  404
withdrawn  submit    in         ok         ok        ok        ok      ok       ok     ok
withdrawn  claim     in         role       role      state     state   state    own    role
withdrawn  release   in         role       role      state     state   state    own    role
withdrawn  approve   in         role       role      role      role    state    own    role
withdrawn  refuse    in         role       role      role      role    state    own    role
withdrawn  withdraw  in         state      404       404       404     404      state  404
"""

# Where an application stands after a command that went through.
AFTER = {
    "submit": "submitted", "claim": "in_review", "release": "submitted", "approve": "approved", "refuse": "refused",
    "withdraw": "withdrawn",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One square of the table."""

    state: str
    command: str
    role: str
    expected: str

    def __str__(self) -> str:
        return f"{self.state}-{self.command}-{self.role}"


def _cells() -> Iterator[Cell]:
    head, *rows = [line.split() for line in TEXT.strip().splitlines()]
    for state, command, *codes in rows:
        for role, code in zip(head[2:], codes, strict=True):
            yield Cell(state, command, role, CODES[code])


CELLS = list(_cells())


class World:
    """One family for each state, with an application of the applicant and one of the decider called self."""

    def __init__(self) -> None:
        holder = make_user("holder", Role.REVIEWER)
        self.actors: dict[str, User | AnonymousUser] = {
            "anonymous": AnonymousUser(),
            "applicant": make_user("ada"),
            "outsider": make_user("cy"),
            "reviewer": make_user("ben", Role.REVIEWER),
            "holder": holder,
            "decider": make_user("dan", Role.DECIDER),
            "self": make_user("eve", Role.REVIEWER, Role.DECIDER),
            "manager": make_user("mia", Role.RELEASE_MANAGER, Role.OPERATOR, Role.AUDITOR),
        }
        self.families = {state: make_open_family(state) for state in dict.fromkeys(cell.state for cell in CELLS)}
        self.cases = {
            (state, role): self._case(state, role, holder) for state in self.families for role in ("applicant", "self")
        }

    def case(self, cell: Cell) -> Application:
        """The application that this cell is about."""
        return self.cases[cell.state, "self" if cell.role == "self" else "applicant"]

    def _case(self, state: str, role: str, holder: User) -> Application:
        applicant, family = self.actors[role], self.families[state]
        assert isinstance(applicant, User)
        if state == "lapsed":
            return make_application(
                applicant,
                family,
                State.IN_REVIEW,
                holder=holder,
                claimed_at=NOW - 3 * HOUR,
                submitted_at=NOW - 4 * HOUR,
            )
        if state == "approved":
            make_grant(applicant, family, now=NOW)
        return make_application(applicant, family, State(state), holder=holder)


def outcome(module: Any, world: World, cell: Cell) -> str:
    """What the command of this cell does, undone afterwards: `ok` or the code of the refusal."""
    with transaction.atomic():
        try:
            _give(module, world, cell)
        except GatehouseError as refusal:
            return refusal.code
        finally:
            transaction.set_rollback(True)
    return "ok"


def _give(module: Any, world: World, cell: Cell) -> None:
    case, actor = world.case(cell), world.actors[cell.role]
    told: dict[str, Any] = {"actor": actor, "number": case.number, "now": NOW}
    if cell.command == "submit":
        number = submit(actor, world.families[cell.state], module).number
    elif cell.command == "withdraw":
        module.withdraw(**told)
    else:
        extra = {"approve": {"terms": TERMS}, "refuse": REFUSAL}.get(cell.command, {})
        getattr(module, cell.command)(**told, version=case.version, **extra)
    number = number if cell.command == "submit" else case.number
    assert Application.objects.get(number=number).state == AFTER[cell.command]
