"""Once a year the holder says that the grant is used as it was given."""

from __future__ import annotations

from calendar import isleap
from datetime import datetime

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.applications.standing import Mover
from access_portal.grants.commands.step import advance, locked, required_text, tell
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Attestation


def attest(*, actor: Mover, number: str, version: int | None = None, statement: str, now: datetime) -> Attestation:
    """Keep the holder's word, and set the next date: a year after the one that was due, or after a late word.

    Raises ConflictError `attest_not_due`, `wrong_state` or `stale_version`, InvalidError, NotFoundError.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.ATTEST, version, now)
        assert isinstance(actor, User)
        assert grant.attest_due_at is not None
        said = required_text(statement, "statement")
        given = Attestation.objects.create(grant=grant, by=actor, statement=said, at=now)
        grant.attest_due_at = next_date(max(grant.attest_due_at, now), grant.ends_at)
        advance(grant, actor, Command.ATTEST, now)
        tell(grant.holder, "attested", grant, now, {"attestation": given})
    return given


def next_date(since: datetime, ends_at: datetime) -> datetime | None:
    """A year later, unless the grant has ended by then."""
    later = a_year_after(since)
    return later if later < ends_at else None


def a_year_after(moment: datetime) -> datetime:
    """The same day of the next year; the 28th after a 29 February."""
    year = moment.year + 1
    leap_day = moment.month == 2 and moment.day == 29 and not isleap(year)
    return moment.replace(year=year, day=28 if leap_day else moment.day)
