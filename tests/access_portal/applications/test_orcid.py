"""ORCID iDs, with examples from the pages of ORCID itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_portal.applications.orcid import check_digit, normalise


@pytest.mark.parametrize("known", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_known_ids_are_good_in_every_spelling(known: str) -> None:
    spellings = (known, known.lower(), known.replace("-", ""), f" https://orcid.org/{known} ", f"orcid.org/{known}")
    assert {normalise(spelling) for spelling in spellings} == {known}


@pytest.mark.parametrize(
    "bad",
    ["", "0000-0002-1825-0098", "0000-0002-1825-009", "0000-0002-1825-00977", "٠000-0002-1825-0097", "X" * 16,
     "https://evil.example/0000-0002-1825-0097", "0000-0002-1825-0097\x00", "0000-0002-1825-0097<script>"],
)  # fmt: skip
def test_anything_else_is_refused(bad: str) -> None:
    assert normalise(bad) is None


@given(st.from_regex(r"[0-9]{15}", fullmatch=True), st.integers(0, 14))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int) -> None:
    good = digits + check_digit(digits)
    assert normalise(good) is not None
    wrong = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
    assert normalise(wrong) is None
