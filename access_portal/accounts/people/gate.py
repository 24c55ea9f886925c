"""Who reads the office's pages about people, and how much of a person's matters; the policy answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from access_portal.accounts.models import User
from access_portal.accounts.people.queries import is_near
from access_portal.grants.policy import Action, Case, Granted, Office, decide, decide_each, require

READING = (Action.MANAGE_PEOPLE, Action.AUDIT)
CASES = (Action.REVIEW, Action.ADMINISTER)  # whoever opens the page of a case
GRANTS = (Action.REVIEW, Action.AUDIT, Action.STOP)  # and of a grant
STOPS = (Action.STOP, Action.AUDIT)


@dataclass(frozen=True)
class Sight:
    """Which lists of a person's matters the reader sees, and whether they stand too near to them."""

    cases: bool
    grants: bool
    stops: bool
    near: bool


def require_reader(reader: User, now: datetime) -> None:
    """Those who manage people, and those who audit. Raises PermissionRefusedError."""
    answers = decide_each(reader, READING, Office(), now)
    if not any(isinstance(answer, Granted) for answer in answers.values()):
        require(reader, Action.MANAGE_PEOPLE, Office(), now)


def may_change(reader: User, person: User, now: datetime) -> bool:
    """Whether the reader may do anything with this account: never with their own."""
    return isinstance(decide(reader, Action.MANAGE_PEOPLE, Case(person.pk), now), Granted)


def sight_of(reader: User, person: User, now: datetime) -> Sight:
    near = is_near(person, reader)
    case = Case(person.pk, frozenset({reader.pk}) if near else frozenset())
    granted = {
        action
        for action, answer in decide_each(reader, {*CASES, *GRANTS, *STOPS}, case, now).items()
        if isinstance(answer, Granted)
    }
    return Sight(
        cases=not near and not granted.isdisjoint(CASES),
        grants=not near and not granted.isdisjoint(GRANTS),
        stops=not granted.isdisjoint(STOPS),
        near=near,
    )
