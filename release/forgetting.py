"""From where a download link was asked for is forgotten after a year; that it was, and by whom, stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from access_portal.privacy.section import Due
from release.models import Mint

ADDRESSES_FOR = timedelta(days=365)
SLICE = 1000  # rows of one run; the next run takes the next ones


def addresses_due(now: datetime) -> Due:
    rows = _old(now)
    found = rows.values_list("grant__number", "minted_at")[:5]
    return Due(rows.count(), [f"{number}, {at:%Y-%m-%d}" for number, at in found])


def forget_addresses_due(now: datetime) -> int:
    """Take network address and program out of old lines of the download log; returns how many."""
    keys = list(_old(now).values_list("pk", flat=True)[:SLICE])
    return Mint.objects.filter(pk__in=keys).update(address=None, user_agent="")


def _old(now: datetime) -> QuerySet[Mint]:
    old = Mint.objects.filter(minted_at__lte=now - ADDRESSES_FOR)
    return old.exclude(address=None, user_agent="").order_by("minted_at", "pk")
