"""Stretches of time in whole days of the house's time zone, cut into weeks and months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Slices:
    """Days on which the slices begin, and the day after the last one."""

    starts: tuple[date, ...]
    end: date

    @property
    def bounds(self) -> list[datetime]:
        """Their beginnings and the end as moments."""
        return [midnight(day) for day in (*self.starts, self.end)]


@dataclass(frozen=True)
class Period:
    """From the first moment of one day to the last of another."""

    since: date
    until: date

    @property
    def begins_at(self) -> datetime:
        return midnight(self.since)

    @property
    def ends_at(self) -> datetime:
        """The first moment that no longer belongs to it."""
        return midnight(self.until + timedelta(days=1))

    def weeks(self) -> Slices:
        """Monday to Sunday; the first and the last may be cut off."""
        first = self.since - timedelta(days=self.since.weekday())
        count = (self.until - first).days // 7 + 1
        return self._cut([first + n * WEEK for n in range(count)])

    def months(self) -> Slices:
        """Calendar months; the first and the last may be cut off."""
        months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
        return self._cut([add_months(self.since.replace(day=1), n) for n in range(months + 1)])

    def _cut(self, starts: Sequence[date]) -> Slices:
        return Slices((self.since, *starts[1:]), self.until + timedelta(days=1))


def today(now: datetime) -> date:
    return timezone.localtime(now).date()


def midnight(day: date) -> datetime:
    """The first moment of a day here."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def add_months(first: date, months: int) -> date:
    """The first day of the month that comes so many months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def last_twelve_months(now: datetime) -> Period:
    """This calendar month and the eleven before it."""
    day = today(now)
    return Period(add_months(day.replace(day=1), -11), day)
