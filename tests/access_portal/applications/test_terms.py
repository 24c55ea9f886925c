"""Terms of an approval: which are refused, and when a grant ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from access_portal.applications.terms import Terms
from access_portal.errors import InvalidError

GOOD: dict[str, Any] = {
    "duration_months": 12, "token_quota": 10, "may_download": True, "may_infer": True, "variants": ("1m",),
    "reason": "Sound.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"duration_months": 0}, "duration_months"),
        ({"duration_months": 25}, "duration_months"),
        ({"token_quota": -1}, "token_quota"),
        ({"token_quota": 10**12 + 1}, "token_quota"),
        ({"token_quota": 0}, "token_quota"),
        ({"bytes_per_day": 0}, "bytes_per_day"),
        ({"bytes_per_day": 10**15 + 1}, "bytes_per_day"),
        ({"may_download": False, "may_infer": False}, "may_download"),
        ({"reason": " \n"}, "reason"),
        ({"variants": ()}, "variants"),
    ],
)
def test_terms_that_give_nothing_or_too_much_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Terms(**{**GOOD, **change})
    assert caught.value.field == field


@pytest.mark.parametrize(
    "change",
    [{"duration_months": 1}, {"duration_months": 24}, {"may_infer": False, "token_quota": 0}, {"bytes_per_day": 1}],
)
def test_terms_at_the_edge_are_good(change: dict[str, Any]) -> None:
    assert Terms(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 3, 2), 1, (2026, 4, 2)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2027, 8, 31), 6, (2028, 2, 29)),
        ((2026, 12, 15), 1, (2027, 1, 15)),
        ((2026, 1, 1), 11, (2026, 12, 1)),
        ((2026, 6, 30), 24, (2028, 6, 30)),
    ],
)
def test_a_grant_ends_on_the_same_day_of_the_month(start: Any, months: int, end: Any) -> None:
    terms = Terms(**{**GOOD, "duration_months": months})
    assert terms.ends_at(morning(*start)) == morning(*end)


def morning(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, tzinfo=UTC)
