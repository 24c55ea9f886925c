"""How long applicants of a family wait for an answer, in the house's own figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from access_portal.reports.expressions import SecondsBetween
from access_portal.reports.percentiles import days_begun, within
from access_portal.reports.rows import answered
from access_portal.reports.small_numbers import FEWEST
from release.models import Family

YEAR = timedelta(days=365)
LATEST = 500  # answers: what happened long ago says little, and reading all would be slow


@dataclass(frozen=True)
class Wait:
    """Half of the answers came within so many days, nine in ten within so many."""

    half_days: int
    nine_in_ten_days: int


def usual_wait(family: Family, now: datetime) -> Wait | None:
    """Of the latest answers within a year; None where so few came that a figure would point to somebody."""
    rows = answered(now, family.slug).filter(first_at__gte=now - YEAR).order_by("-first_at")
    seconds = list(rows.values_list(SecondsBetween("first_at", "submitted_at"), flat=True)[:LATEST])
    half, most = days_begun(within(seconds, 0.5)), days_begun(within(seconds, 0.9))
    if len(seconds) < FEWEST or half is None or most is None:
        return None
    return Wait(half, most)
