"""Gigabytes on forms and pages."""

import pytest
from django import forms

from access_portal.gigabytes import GigabytesField, size_words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (13_500_000_000, "13.5 GB"), (10**12 - 1, "999.9 GB"),
     (10**12, "1 TB"), (10**15, "1,000 TB"), (1_999_999, "1.9 MB")],
)  # fmt: skip
def test_sizes_are_told_in_units_of_a_thousand_and_never_rounded_up(count: int, words: str) -> None:
    assert size_words(count).replace("\N{NO-BREAK SPACE}", " ").replace("1000", "1,000") == words


@pytest.mark.parametrize(("typed", "kept"), [("", None), ("1", 10**9), ("0.5", 5 * 10**8), ("1000000", 10**15)])
def test_gigabytes_are_kept_as_bytes(typed: str, kept: int | None) -> None:
    assert GigabytesField(label="x", required=False).clean(typed) == kept


@pytest.mark.parametrize("typed", ["0", "-1", "1e99", "NaN", "Infinity", "1.0001", "much", "1000001", "9" * 500])
def test_what_is_no_number_of_gigabytes_is_refused(typed: str) -> None:
    with pytest.raises(forms.ValidationError):
        GigabytesField(label="x", required=False).clean(typed)


def test_bytes_are_shown_as_gigabytes() -> None:
    assert str(GigabytesField(label="x").prepare_value(1_500_000_000)) == "1.5"
