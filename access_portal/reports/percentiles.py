"""Of how many things took how long."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

DAY = 86_400.0  # seconds


def within(seconds: Sequence[float], share: float) -> float | None:
    """The shortest time within which this share was through (nearest rank), in seconds; None for nothing at all."""
    if not seconds:
        return None
    return sorted(seconds)[max(1, ceil(round(share * len(seconds), 9))) - 1]


def days(seconds: float | None) -> float | None:
    """In days with one decimal place."""
    return None if seconds is None else max(0.0, round(seconds / DAY, 1))


def days_begun(seconds: float | None) -> int | None:
    """In days of which the last counts as soon as it begins: a promise that was kept. Clocks differ by milliseconds."""
    return None if seconds is None else max(1, ceil(round(seconds / DAY, 6)))
