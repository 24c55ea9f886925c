"""How many bytes of downloads a grant gives in a day, by UTC, and how many of them are left.

Links belong to `release`, which this room does not import; they are reached over the grant. A lab shares its grant's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from access_portal.gigabytes import size_words
from access_portal.grants.models import Grant


@dataclass(frozen=True)
class DailyBytes:
    """Of one grant on one day; `used` counts what links were given for, whether or not the files were fetched."""

    limit: int
    used: int
    opens_at: datetime  # when the next day begins

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def limit_words(self) -> str:
        return size_words(self.limit)

    @property
    def left_words(self) -> str:
        return size_words(self.left)


def daily_bytes(grant: Grant, now: datetime) -> DailyBytes:
    """What the grant gives on the day of `now`, and what of it is used."""
    counted = grant.mints.filter(minted_at__gte=day_of(now), counted_bytes__gt=0)
    used = counted.aggregate(used=Sum("counted_bytes", default=0))["used"]
    return DailyBytes(limit_of(grant), int(used), day_of(now) + timedelta(days=1))


def limit_of(grant: Grant) -> int:
    """The grant's own figure, else that of the house."""
    return settings.DOWNLOAD_BYTES_PER_DAY if grant.bytes_per_day is None else grant.bytes_per_day


def day_of(now: datetime) -> datetime:
    """The beginning of this day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
