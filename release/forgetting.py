"""From where a link was asked for, and with which program, is forgotten after a year; that it was, and by whom, stays.

So is the program that reported on a file.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from access_portal.privacy.section import Due
from release.models import FetchReport, Mint

ADDRESSES_FOR = timedelta(days=365)
SLICE = 1000  # rows of one run; the next run takes the next ones


def addresses_due(now: datetime) -> Due:
    links, reports = _old_links(now), _old_reports(now)
    found = links.values_list("grant__number", "minted_at")[:5]
    return Due(links.count() + reports.count(), [f"{number}, {at:%Y-%m-%d}" for number, at in found])


def forget_addresses_due(now: datetime) -> int:
    """Take network address and program out of old lines of the download log and of old reports; returns how many."""
    links = list(_old_links(now).values_list("pk", flat=True)[:SLICE])
    reports = list(_old_reports(now).values_list("pk", flat=True)[:SLICE])
    forgotten = Mint.objects.filter(pk__in=links).update(address=None, user_agent="")
    return forgotten + FetchReport.objects.filter(pk__in=reports).update(client="")


def _old_links(now: datetime) -> QuerySet[Mint]:
    old = Mint.objects.filter(minted_at__lte=now - ADDRESSES_FOR)
    return old.exclude(address=None, user_agent="").order_by("minted_at", "pk")


def _old_reports(now: datetime) -> QuerySet[FetchReport]:
    old = FetchReport.objects.filter(reported_at__lte=now - ADDRESSES_FOR)
    return old.exclude(client="").order_by("reported_at", "pk")
