"""Which conditions of the lifecycle hold for a grant, and for whoever acts on it; each is looked up only when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from access_portal.accounts.models import User
from access_portal.applications.standing import Mover
from access_portal.grants.lifecycle import Condition
from access_portal.grants.models import LIVE_STATES, Grant, Renewal, Revocation, Transfer
from access_portal.licences.models import LicenceAcceptance
from access_portal.licences.queries import current_version

RATIFY_WITHIN = timedelta(hours=72)  # after a revocation at once
RENEWAL_WINDOW = timedelta(days=90)  # before the end, and after it
ATTEST_AHEAD = timedelta(days=60)  # how long before the date the word may be given
MEMBERS_AT_MOST = 25  # of one lab beside its holder, open invitations included


@dataclass(frozen=True)
class Facts:
    """What the conditions turn on, read from the database once."""

    grant: Grant
    actor: Mover
    now: datetime

    @cached_property
    def proposal(self) -> Revocation | None:
        return open_revocation(self.grant)

    @cached_property
    def is_renewal_asked(self) -> bool:
        return self.grant.renewals.filter(state=Renewal.State.ASKED).exists()

    @cached_property
    def transfer(self) -> Transfer | None:
        return self.grant.transfers.filter(state=Transfer.State.ASKED).first()

    @property
    def key(self) -> int | None:
        return self.actor.pk if isinstance(self.actor, User) else None


def unmet(
    grant: Grant, actor: Mover, now: datetime, asked: Iterable[Condition] = tuple(Condition)
) -> frozenset[Condition]:
    """Those of the conditions `asked` that do not hold for this person and grant now."""
    facts = Facts(grant, actor, now)
    return frozenset(condition for condition in asked if not _HOLDS[condition](facts))


def open_revocation(grant: Grant) -> Revocation | None:
    """The proposal that nobody has answered yet."""
    return grant.revocations.filter(ratified_at=None, declined_at=None, lapsed_at=None).first()


def has_current_licence(grant: Grant, user_id: int) -> bool:
    """Whether this person accepted the text that is the current one of the family's licence."""
    current = current_version(grant.family.weights_licence)
    return current is not None and LicenceAcceptance.objects.filter(user_id=user_id, version=current).exists()


def _is_unratified(facts: Facts) -> bool:
    proposal = facts.proposal
    return proposal is not None and proposal.emergency and facts.now >= proposal.proposed_at + RATIFY_WITHIN


def _may_attest(facts: Facts) -> bool:
    due = facts.grant.attest_due_at
    return due is not None and facts.now >= due - ATTEST_AHEAD


def _may_renew(facts: Facts) -> bool:
    ends_at = facts.grant.ends_at
    return ends_at - RENEWAL_WINDOW <= facts.now < ends_at + RENEWAL_WINDOW


_HOLDS: Mapping[Condition, Callable[[Facts], bool]] = {
    Condition.NO_REVOCATION: lambda facts: facts.proposal is None,
    Condition.NO_EMERGENCY: lambda facts: facts.proposal is None or not facts.proposal.emergency,
    Condition.REVOCATION: lambda facts: facts.proposal is not None,
    Condition.SECOND_PERSON: lambda facts: facts.proposal is None or facts.proposal.proposed_by_id != facts.key,
    Condition.UNRATIFIED: _is_unratified,
    Condition.ATTEST_TIME: _may_attest,
    Condition.RENEWAL_TIME: _may_renew,
    Condition.NO_RENEWAL: lambda facts: not facts.is_renewal_asked,
    Condition.RENEWAL: lambda facts: facts.is_renewal_asked,
    Condition.CURRENT_LICENCE: lambda facts: has_current_licence(facts.grant, facts.grant.holder_id),
    Condition.LAB: lambda facts: facts.grant.kind == Grant.Kind.LAB,
    Condition.ROOM: lambda facts: facts.grant.members.filter(removed_at=None).count() < MEMBERS_AT_MOST,
    Condition.NO_TRANSFER: lambda facts: facts.transfer is None,
    Condition.TRANSFER: lambda facts: facts.transfer is not None,
    Condition.OTHER_ASKER: lambda facts: facts.transfer is None or facts.transfer.asked_by_id != facts.key,
    Condition.UNWRITTEN: lambda facts: facts.grant.state in LIVE_STATES and facts.now >= facts.grant.ends_at,
}
