"""The end of a grant: on its day, or when the holder gives it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.applications.standing import TIMER, Mover
from access_portal.errors import GatehouseError
from access_portal.grants.commands.step import advance, everybody, locked, office, required_text, tell
from access_portal.grants.commands.stopping import close_proposal
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import LIVE_STATES, Grant, Surrender


def expire(*, actor: Mover = TIMER, number: str, now: datetime) -> Grant:
    """Write down that the end of a grant has come, and tell its people. Raises ConflictError `already_written`."""
    with transaction.atomic():
        grant = locked(number, actor, Command.EXPIRE, None, now)
        close_proposal(grant, now)
        grant.suspended_until = None
        advance(grant, actor, Command.EXPIRE, now)
        tell(everybody(grant), "expired", grant, now)
    return grant


def expire_due(now: datetime) -> int:
    """Write down the grants whose end has passed and tell their people; returns how many.

    Safe to run in many processes: each grant is locked and looked at again. Nothing waits for it, since the access
    policy reads the dates.
    """
    due = Grant.objects.filter(state__in=LIVE_STATES, ends_at__lte=now).values_list("number", flat=True)
    return sum(try_to_expire(number, now) for number in due.order_by("ends_at", "pk"))


def try_to_expire(number: str | None, now: datetime) -> bool:
    """Whether it was written down here, and not by another process that was faster."""
    assert number is not None
    try:
        expire(number=number, now=now)
    except GatehouseError:
        return False
    return True


def surrender(*, actor: Mover, number: str, version: int | None = None, statement: str, now: datetime) -> Grant:
    """The holder gives the grant back and says what became of the copies; it is over at once, for the lab too.

    Raises InvalidError `text_missing`, ConflictError `emergency_open`, `wrong_state` or `stale_version`,
    NotFoundError for who does not hold it.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.SURRENDER, version, now)
        assert isinstance(actor, User)
        said = required_text(statement, "statement", least=20)
        Surrender.objects.create(grant=grant, by=actor, statement=said, at=now)
        close_proposal(grant, now)
        grant.state_reason, grant.suspended_until = "", None
        advance(grant, actor, Command.SURRENDER, now)
        tell([*everybody(grant), *office(grant)], "surrendered", grant, now, {"statement": said})
    return grant
