"""Filters in an address: anything can be typed, and what makes no sense counts as not said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_portal.reports.percentiles import days_begun, within
from access_portal.reports.periods import Period, add_months, last_twelve_months
from access_portal.reports.wanted import LONGEST, Wanted

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
dates = st.dates(date(2001, 1, 1), date(2026, 3, 2))


def test_usually_it_is_this_month_and_the_eleven_before() -> None:
    assert Wanted.read({}, NOW).period == Period(date(2025, 4, 1), date(2026, 3, 2))
    assert Wanted.read({}, NOW).query == ""
    assert len(last_twelve_months(NOW).months().starts) == 12


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "\x00", "٢٠٢٦-٠١-٠١", "9" * 5000, "0001-01-01T", "-1"])
def test_nonsense_is_as_good_as_nothing(text: str) -> None:
    wanted = Wanted.read({"since": text, "until": text, "family": text}, NOW)
    assert date(2000, 1, 1) <= wanted.period.since <= wanted.period.until <= date(2026, 3, 2)
    assert len(wanted.family) <= 60
    assert "\x00" not in wanted.family


def test_nothing_lies_in_the_future_and_no_period_is_endless() -> None:
    wanted = Wanted.read({"since": "2001-01-01", "until": "2999-01-01"}, NOW)
    assert wanted.period == Period(date(2026, 3, 2) - LONGEST, date(2026, 3, 2))
    assert Wanted.read({"since": "2999-01-01"}, NOW).period == Period(date(2026, 3, 2), date(2026, 3, 2))


@given(dates, dates, st.sampled_from(["", "toy"]))
def test_an_address_says_the_same_when_it_is_read_again(one: date, other: date, family: str) -> None:
    wanted = Wanted.read({"since": one.isoformat(), "until": other.isoformat(), "family": family}, NOW)
    assert Wanted.parse(wanted.query, NOW) == wanted


@given(dates, st.integers(0, 1000))
def test_weeks_and_months_cover_a_period_without_gap_or_overlap(since: date, days: int) -> None:
    period = Period(since, since + timedelta(days=days))
    for slices in (period.weeks(), period.months()):
        assert slices.starts[0] == since
        assert slices.end == period.until + timedelta(days=1)
        assert all(a < b for a, b in zip(slices.starts, [*slices.starts[1:], slices.end], strict=True))
    assert all(day.weekday() == 0 for day in period.weeks().starts[1:])
    assert all(day.day == 1 for day in period.months().starts[1:])


@pytest.mark.parametrize(("first", "n", "then"), [((2025, 11, 1), 2, (2026, 1, 1)), ((2026, 3, 1), -11, (2025, 4, 1))])
def test_months_are_counted_over_the_end_of_a_year(
    first: tuple[int, int, int], n: int, then: tuple[int, int, int]
) -> None:
    assert add_months(date(*first), n) == date(*then)


@pytest.mark.parametrize(
    ("seconds", "share", "found"),
    [([], 0.5, None), ([7], 0.5, 7), ([7], 0.9, 7), ([2, 1], 0.5, 1), ([2, 1], 0.9, 2), (range(1, 11), 0.9, 9)],
)
def test_a_percentile_is_one_of_the_values(seconds: list[float], share: float, found: float | None) -> None:
    assert within(seconds, share) == found


@pytest.mark.parametrize(("seconds", "days"), [(None, None), (0, 1), (86_400.0004, 1), (86_401, 2), (86_400 * 3, 3)])
def test_days_begun_count(seconds: float | None, days: int | None) -> None:
    assert days_begun(seconds) == days
