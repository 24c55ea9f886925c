"""ORCID iDs: sixteen characters, of which the last is a check digit (ISO/IEC 7064, MOD 11-2)."""

from __future__ import annotations

import re

SHAPE = re.compile(r"(?:HTTPS?://)?(?:ORCID\.ORG/)?([0-9]{4})-?([0-9]{4})-?([0-9]{4})-?([0-9]{3}[0-9X])")


def normalise(text: str) -> str | None:
    """`0000-0002-1825-0097` from an iD or its address, or None when it is neither or its check digit is wrong."""
    match = SHAPE.fullmatch(text.strip().upper())
    if match is None:
        return None
    digits = "".join(match.groups())
    return "-".join(match.groups()) if digits[-1] == check_digit(digits[:-1]) else None


def check_digit(digits: str) -> str:
    """The sixteenth character to these fifteen digits."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    return "X" if rest == 10 else str(rest)
