"""The one shape in which ORCID itself writes an iD."""

from __future__ import annotations

import re

SHAPE = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")


def is_orcid(value: object) -> bool:
    """Whether this may become part of an address at ORCID; the check digit is theirs to get right."""
    return isinstance(value, str) and SHAPE.fullmatch(value) is not None
