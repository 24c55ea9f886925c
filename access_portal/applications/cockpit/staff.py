"""Who may open the pages of the cockpit: whoever judges cases, and the office, which judges none."""

from __future__ import annotations

from datetime import datetime

from access_portal.accounts.models import User
from access_portal.applications.cockpit.case_file import find_case
from access_portal.applications.models import Application
from access_portal.applications.standing import case_of, standing
from access_portal.applications.workflow import Who
from access_portal.errors import NotFoundError
from access_portal.grants.policy import Action, Granted, Office, decide, require


def require_staff(person: User, now: datetime) -> None:
    """For pages about no single case; raises PermissionRefusedError."""
    if not isinstance(decide(person, Action.REVIEW, Office(), now), Granted) and not isinstance(
        decide(person, Action.ADMINISTER, Office(), now), Granted
    ):
        require(person, Action.REVIEW, Office(), now)


def open_case(person: User, number: str, now: datetime) -> tuple[Application, frozenset[Who]]:
    """A case and what `person` is to it; raises PermissionRefusedError, or NotFoundError to staff only."""
    try:
        application = find_case(number)
    except NotFoundError:
        require_staff(person, now)
        raise
    return application, require_distance(person, application, now)


def require_distance(person: User, application: Application, now: datetime) -> frozenset[Who]:
    """What `person` is to the case; raises PermissionRefusedError for one's own case and one that is too near."""
    who = standing(application, person, now)
    if who.isdisjoint((Who.REVIEWER, Who.DECIDER, Who.ADMIN)):
        require(person, Action.REVIEW, case_of(application, person), now)
    if Who.REVIEWER not in who and isinstance(decide(person, Action.REVIEW, Office(), now), Granted):
        require(person, Action.REVIEW, case_of(application, person), now)
    return who
