"""What the home page knows about a person: read from the rooms, decided by the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from access_portal.accounts.models import User
from access_portal.applications.cockpit.listing import counts
from access_portal.applications.disclosure import Stand, stand_of
from access_portal.applications.following import applications_of
from access_portal.applications.models import Application
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Decision, Granted, Office, decide
from access_portal.grants.queries import grants_of
from access_portal.licences.queries import AwaitedConsent, awaiting_consent

SHOWN = 3


@dataclass(frozen=True)
class Pending:
    """An application with the words for where it stands."""

    application: Application
    stand: Stand


@dataclass(frozen=True)
class Desk:
    """A person's own matters. `waiting` counts the cases nobody has taken up yet, for those who review."""

    standing: Decision
    applications: Sequence[Pending]
    grants: Sequence[Grant]
    waiting: int | None
    awaited: Sequence[AwaitedConsent]

    @property
    def is_new(self) -> bool:
        """Whether this person has not asked for anything yet."""
        return not self.applications and not self.grants

    @property
    def may_run(self) -> bool:
        return isinstance(self.standing, Granted)


def desk_of(user: User, now: datetime) -> Desk:
    """The newest few of everything that is theirs, and what stands between them and a model now."""
    reviews = isinstance(decide(user, Action.REVIEW, Office(), now), Granted)
    return Desk(
        standing=decide(user, Action.USE_INFERENCE, Office(), now),
        applications=[Pending(row, stand_of(row, now)) for row in applications_of(user)[:SHOWN]],
        grants=list(grants_of(user)[:SHOWN]),
        waiting=counts(user, now)["unassigned"] if reviews else None,
        awaited=awaiting_consent(user, now),
    )
