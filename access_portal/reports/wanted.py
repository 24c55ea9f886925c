"""What somebody wants to see of the reports, as the part of an address after the question mark says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from access_portal.reports.periods import Period, last_twelve_months, today

LONGEST = timedelta(days=3 * 366)  # of a period: more weeks than that nobody can tell apart
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Wanted:
    """A period and perhaps one family; `is_usual` when no other period was asked for."""

    period: Period
    family: str = ""  # slug
    is_usual: bool = True

    @classmethod
    def read(cls, data: Mapping[str, str], now: datetime) -> Wanted:
        """From anything at all: what makes no sense counts as not said, and nothing lies in the future."""
        usual = last_twelve_months(now)
        until = min(_day(data.get("until", "")) or usual.until, today(now))
        since = _day(data.get("since", "")) or min(usual.since, until)
        since = max(min(since, until), until - LONGEST, EARLIEST)
        period = Period(since, max(since, until))
        family = str(data.get("family", "")).replace("\x00", "").strip()[:60]
        return cls(period, family, period == usual)

    @classmethod
    def parse(cls, query: str, now: datetime) -> Wanted:
        """From the text that `query` gave."""
        return cls.read(dict(parse_qsl(query[:500])), now)

    @property
    def query(self) -> str:
        """The address without what is usual, so that a kept report of the last twelve months moves on with time."""
        days = {} if self.is_usual else {"since": self.period.since.isoformat(), "until": self.period.until.isoformat()}
        return urlencode({**days, **({"family": self.family} if self.family else {})})


def _day(text: str) -> date | None:
    try:
        return max(date.fromisoformat(str(text)[:10]), EARLIEST)
    except ValueError:
        return None
