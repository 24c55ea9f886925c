"""Names stay on one line and read in the direction in which they are written."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from access_portal.accounts.commands import create_person
from access_portal.accounts.names import one_line, validate_one_line
from access_portal.errors import InvalidError

GOOD = ["Ada Example", "Åsa Öberg", "李小龍", "محمد علي", "नरेन्द्र", "می‌خواهم", "👩‍🔬 Ada", "O’Neill-Smith, Jr."]
BAD = {
    "Ada\nExample": "Ada Example", "Ada\r\nBcc: x": "Ada Bcc: x", "Ada\x00Example": "Ada Example",
    "Ada\x1b[31m": "Ada [31m", "Ada \u202eelpmaxE": "Ada elpmaxE", "\u2067Ada\u2069": "Ada",
    "Ada\u2028Example": "Ada Example", "Ada\x85Example": "Ada Example", "\ud800Ada": "Ada",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_names_of_all_tongues_stay_as_they_are(name: str) -> None:
    validate_one_line(name)
    assert one_line(name) == name


@pytest.mark.parametrize(("name", "cleaned"), BAD.items(), ids=[ascii(name) for name in BAD])
def test_what_breaks_or_turns_the_line_is_taken_out(name: str, cleaned: str) -> None:
    with pytest.raises(ValidationError):
        validate_one_line(name)
    assert one_line(name) == cleaned
    validate_one_line(cleaned)


def test_spaces_are_put_in_order() -> None:
    assert one_line("  Ada   Example\t") == "Ada Example"
    assert one_line("") == ""


@pytest.mark.django_db
def test_nobody_is_given_a_name_of_two_lines() -> None:
    with pytest.raises(InvalidError, match="person_invalid"):
        create_person(username="ada", email="ada@uni.example", full_name="Ada\nExample", actor=None, now=timezone.now())
