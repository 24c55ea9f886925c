"""Stopping a grant for a time, and revoking it: by two people, or at once with a second person to confirm it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.standing import TIMER, Mover
from access_portal.errors import GatehouseError, InvalidError
from access_portal.grants.commands.step import advance, deciders, everybody, locked, office, required_text, tell
from access_portal.grants.conditions import RATIFY_WITHIN, open_revocation
from access_portal.grants.lifecycle import Command, State
from access_portal.grants.models import Grant, Revocation

LOOK_AGAIN = timedelta(days=14)  # after a revocation at once that nobody confirmed
LONGEST_SUSPENSION = timedelta(days=366)  # until somebody looks at it again


def suspend(
    *, actor: Mover, number: str, version: int | None = None, reason: str, review_at: datetime, now: datetime
) -> Grant:
    """Stop a grant until it is lifted; the holder reads `reason` and when we look at it again.

    Raises InvalidError `text_missing` or `bad_review_date`, ConflictError `wrong_state` or `stale_version`,
    PermissionRefusedError.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.SUSPEND, version, now)
        grant.state_reason = required_text(reason, "reason")
        if not now < review_at <= now + LONGEST_SUSPENSION:
            raise InvalidError("bad_review_date", _("Name a day within the next year."), field="review_at")
        grant.suspended_until = review_at
        advance(grant, actor, Command.SUSPEND, now)
        tell(everybody(grant), "suspended", grant, now, {"reason": grant.state_reason})
    return grant


def lift(*, actor: Mover, number: str, version: int | None = None, reason: str, now: datetime) -> Grant:
    """End a suspension; the holder reads `reason` in the mail.

    Raises ConflictError `emergency_open` while a revocation at once waits for a second person, else as `suspend`.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.LIFT, version, now)
        said = required_text(reason, "reason")
        grant.state_reason, grant.suspended_until = "", None
        advance(grant, actor, Command.LIFT, now)
        tell(everybody(grant), "lifted", grant, now, {"reason": said})
    return grant


def propose_revocation(*, actor: Mover, number: str, version: int | None = None, reason: str, now: datetime) -> Grant:
    """Ask another decider to end a grant for good. Until then nothing changes for the holder, who is not told."""
    with transaction.atomic():
        grant = locked(number, actor, Command.PROPOSE_REVOCATION, version, now)
        proposal = _propose(grant, actor, reason, now, emergency=False)
        advance(grant, actor, Command.PROPOSE_REVOCATION, now)
        tell(deciders(grant, but=actor), "revocation_proposed", grant, now, {"revocation": proposal})
    return grant


def revoke_at_once(*, actor: Mover, number: str, version: int | None = None, reason: str, now: datetime) -> Grant:
    """Stop a grant this moment, and for good as soon as another decider confirms it within 72 hours.

    It is suspended until then, and stays suspended if nobody confirms it in time.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.REVOKE_AT_ONCE, version, now)
        proposal = _propose(grant, actor, reason, now, emergency=True)
        grant.state_reason, grant.suspended_until = proposal.reason, None
        until = now + RATIFY_WITHIN
        advance(grant, actor, Command.REVOKE_AT_ONCE, now, {"due_at": until.isoformat()})
        words = {"revocation": proposal, "reason": proposal.reason, "until": until}
        tell(everybody(grant), "revoked_at_once", grant, now, words)
        tell(deciders(grant, but=actor), "revocation_proposed", grant, now, words)
    return grant


def ratify_revocation(*, actor: Mover, number: str, version: int | None = None, now: datetime) -> Grant:
    """End a grant for good, as another person proposed; the holder reads their reason.

    Raises ConflictError `no_revocation` or `needs_two`, else as `suspend`.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.RATIFY_REVOCATION, version, now)
        proposal = _open(grant)
        assert isinstance(actor, User)
        proposal.ratified_by, proposal.ratified_at = actor, now
        proposal.save(update_fields=["ratified_by", "ratified_at"])
        grant.state_reason, grant.suspended_until = proposal.reason, None
        advance(grant, actor, Command.RATIFY_REVOCATION, now, {"proposed_by": proposal.proposed_by_id})
        tell(everybody(grant), "revoked", grant, now, {"reason": proposal.reason})
    return grant


def decline_revocation(*, actor: Mover, number: str, version: int | None = None, reason: str, now: datetime) -> Grant:
    """Say no to a proposal. What was stopped at once stays suspended until somebody lifts it: that is another act."""
    with transaction.atomic():
        grant = locked(number, actor, Command.DECLINE_REVOCATION, version, now)
        proposal = _open(grant)
        assert isinstance(actor, User)
        proposal.declined_reason = required_text(reason, "reason")
        proposal.declined_by, proposal.declined_at = actor, now
        proposal.save(update_fields=["declined_by", "declined_at", "declined_reason"])
        if proposal.emergency:
            grant.suspended_until = now + LOOK_AGAIN
            tell(everybody(grant), "revocation_not_confirmed", grant, now, {"reason": grant.state_reason})
        advance(grant, actor, Command.DECLINE_REVOCATION, now)
        tell(proposal.proposed_by, "revocation_declined", grant, now, {"revocation": proposal})
    return grant


def lapse_revocation(*, actor: Mover = TIMER, number: str, now: datetime) -> Grant:
    """After 72 hours without a second person, a revocation at once is an ordinary suspension; everybody is told."""
    with transaction.atomic():
        grant = locked(number, actor, Command.LAPSE_REVOCATION, None, now)
        proposal = _open(grant)
        close_proposal(grant, now)
        grant.suspended_until = now + LOOK_AGAIN
        advance(grant, actor, Command.LAPSE_REVOCATION, now)
        tell(everybody(grant), "revocation_not_confirmed", grant, now, {"reason": grant.state_reason})
        staff = {person.pk: person for person in [*office(grant), proposal.proposed_by]}
        tell(staff.values(), "revocation_lapsed", grant, now, {"revocation": proposal})
    return grant


def lapse_due(now: datetime) -> int:
    """Lapse the revocations at once that nobody confirmed in 72 hours; returns how many. Safe in many processes."""
    late = Revocation.objects.filter(
        emergency=True, ratified_at=None, declined_at=None, lapsed_at=None, proposed_at__lte=now - RATIFY_WITHIN
    )
    suspended = late.filter(grant__state=State.SUSPENDED, grant__ends_at__gt=now)
    return sum(_lapse(number, now) for number in suspended.order_by("pk").values_list("grant__number", flat=True))


def close_proposal(grant: Grant, now: datetime) -> None:
    """A proposal that was not answered has no object any more."""
    grant.revocations.filter(ratified_at=None, declined_at=None, lapsed_at=None).update(lapsed_at=now)


def _lapse(number: str | None, now: datetime) -> bool:
    assert number is not None
    try:
        lapse_revocation(number=number, now=now)
    except GatehouseError:  # another process or a person was faster
        return False
    return True


def _propose(grant: Grant, actor: Mover, reason: str, now: datetime, *, emergency: bool) -> Revocation:
    assert isinstance(actor, User)
    return Revocation.objects.create(
        grant=grant,
        proposed_by=actor,
        proposed_at=now,
        reason=required_text(reason, "reason"),
        emergency=emergency,
    )


def _open(grant: Grant) -> Revocation:
    proposal = open_revocation(grant)
    assert proposal is not None
    return proposal
