"""What the clock reminds of: the end of a grant, the yearly word, a suspension to look at again. Each mail leaves once.

A clock that slept sends only the latest of what is due, and counts the earlier ones as sent. It never changes a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.grants.commands.step import everybody, grants_to_change, office, tell, write_down
from access_portal.grants.models import LIVE_STATES, Grant, GrantNotice

BEFORE_THE_END = (90, 45, 14, 1)  # days
MEMBERS_FROM = 14  # members hear of the end from here on
LATE_AFTER = timedelta(days=30)  # the office hears of a yearly word that has not come
AROUND_ATTESTING = {
    "30_days": timedelta(days=-30),
    "7_days": timedelta(days=-7),
    "due": timedelta(0),
    "late": LATE_AFTER,
}

State = Grant.State
Send = Callable[[Grant, str, datetime], None]


@dataclass(frozen=True)
class Notice:
    """One of a series about one date; the later ones make the earlier ones needless."""

    kind: str  # unique for the grant
    at: datetime


def send_due(now: datetime) -> int:
    """Send what is due about every living grant; returns how many notices. Safe to run in many processes."""
    return sum(_send(number, now) for number in _to_look_at(now))


def _to_look_at(now: datetime) -> Iterator[str | None]:
    soon = Q(ends_at__lte=now + timedelta(days=max(BEFORE_THE_END)))
    soon |= Q(attest_due_at__lte=now + timedelta(days=30)) | Q(suspended_until__lte=now)
    living = Grant.objects.filter(soon, state__in=LIVE_STATES, ends_at__gt=now)
    yield from living.order_by("ends_at", "pk").values_list("number", flat=True)


def _send(number: str | None, now: datetime) -> int:
    with transaction.atomic():
        grant = grants_to_change().filter(number=number, state__in=LIVE_STATES, ends_at__gt=now).first()
        if grant is None:
            return 0
        told = set(grant.notices.values_list("kind", flat=True))
        return sum(_send_latest(grant, series, send, told, now) for series, send in _series(grant))


def _series(grant: Grant) -> Iterator[tuple[list[Notice], Send]]:
    yield _about_the_end(grant), _tell_the_end
    yield _about_attesting(grant), _tell_attesting
    yield _about_suspension(grant), _tell_suspension


def _send_latest(grant: Grant, series: list[Notice], send: Send, told: set[str], now: datetime) -> int:
    passed = [notice.kind for notice in series if notice.at <= now]
    if not passed or passed[-1] in told:
        return 0
    rows = [GrantNotice(grant=grant, kind=kind, sent_at=now) for kind in passed if kind not in told]
    GrantNotice.objects.bulk_create(rows)
    send(grant, passed[-1], now)
    return 1


def _about_the_end(grant: Grant) -> list[Notice]:
    """A grant of a month needs no notice that 45 days are left."""
    series = [Notice(f"ends_in_{days}_days", grant.ends_at - timedelta(days=days)) for days in BEFORE_THE_END]
    return [notice for notice in series if notice.at > grant.starts_at]


def _about_attesting(grant: Grant) -> list[Notice]:
    due = grant.attest_due_at
    if due is None:
        return []
    return [Notice(f"attest_{due:%Y%m%d}_{kind}", due + shift) for kind, shift in AROUND_ATTESTING.items()]


def _about_suspension(grant: Grant) -> list[Notice]:
    until = grant.suspended_until
    return [] if until is None else [Notice(f"look_again_{until:%Y%m%d%H%M}", until)]


def _tell_the_end(grant: Grant, kind: str, now: datetime) -> None:
    near = grant.ends_at <= now + timedelta(days=MEMBERS_FROM)
    people: list[User] = everybody(grant) if near else [grant.holder]
    tell(people, "ends_soon", grant, now)


def _tell_attesting(grant: Grant, kind: str, now: datetime) -> None:
    words = {"is_overdue": grant.attest_due_at is not None and now >= grant.attest_due_at}
    if not kind.endswith("late"):
        tell(grant.holder, "attest", grant, now, words)
        return
    write_down(grant, None, "grant_attestation_overdue", now, {})
    tell(grant.holder, "attest", grant, now, {**words, "is_late": True})
    tell(office(grant), "attest_late", grant, now)


def _tell_suspension(grant: Grant, kind: str, now: datetime) -> None:
    tell(office(grant), "look_again", grant, now)
