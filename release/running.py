"""What runs on a release at this moment: those who run things say so here, since this room does not know them.

`register(count)` belongs in an app's `ready()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from release.models import Release


@dataclass(frozen=True)
class Running:
    """`what` is for people, as the beginning of a line that ends with the count; `name` is for programs."""

    name: str
    what: str
    count: int


Counting = Callable[[Release, datetime], Iterable[Running]]
_countings: list[Counting] = []


def register(counting: Counting) -> None:
    """Have this asked whenever somebody wants to know what runs; a second registration changes nothing."""
    if counting not in _countings:
        _countings.append(counting)


def running(release: Release, now: datetime) -> list[Running]:
    """All that runs on it now, also what is nought."""
    return [one for counting in _countings for one in counting(release, now)]
