"""Text that must stay on one line: names, subjects of mail, whatever ends up in a header or in somebody's sentence."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_PLAIN = 80
# Signs that turn the direction of what follows them: a name could make the rest of a line read as something else.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
NO_CHARACTERS = frozenset("\ufffe\uffff")  # Unicode promises never to make any of them, and XML may not hold them


def one_line(text: str) -> str:
    """The same words without line breaks, control characters and signs that turn the direction of writing."""
    return " ".join("".join(" " if _is_unwanted(sign) else sign for sign in text).split())


def plain_name(name: str) -> str:
    """Somebody's name as a letter to a stranger gives it: one short line in which nothing reads as an address."""
    return one_line(name.replace("://", " "))[:LONGEST_PLAIN]


def validate_one_line(text: str) -> None:
    """Raises ValidationError where `one_line` would take something away other than spaces."""
    if any(_is_unwanted(sign) for sign in text):
        raise ValidationError(_("Write this on one line, without control characters."), code="not_one_line")


def _is_unwanted(sign: str) -> bool:
    return sign in TURNING or sign in NO_CHARACTERS or unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}
