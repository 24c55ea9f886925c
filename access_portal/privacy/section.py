"""The words in which each room says what it holds of a person, and what stands in the way of their leaving.

Rooms import this and nothing else of the app; `registry.py` finds them by the paths in the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Held:
    """Rows of one table as they are exported: `columns` gives each its name in the file and its place in the table."""

    name: str
    queryset: QuerySet[Any]
    columns: Mapping[str, str]

    @property
    def table(self) -> str:
        """As `applications.Message`."""
        return str(self.queryset.model._meta.label)

    def count(self) -> int:
        return self.queryset.count()

    def rows(self) -> Iterator[dict[str, Any]]:
        """One after another, a few hundred of them in memory at a time."""
        found = self.queryset.values_list(*self.columns.values())
        for values in found.iterator(chunk_size=ROWS_AT_ONCE):
            yield dict(zip(self.columns, values, strict=True))


def held(name: str, queryset: QuerySet[Any], *columns: str, **renamed: str) -> Held:
    """`renamed` are columns with another name in the file than in the table."""
    return Held(name, queryset, {**{column: column for column in columns}, **renamed})


@dataclass(frozen=True)
class Paper:
    """A file that belongs to the person; `folder` and `name` are as somebody wrote them, and are not to be trusted."""

    folder: str
    key: int
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Section:
    """What one room holds: in sentences for the person, and as rows for the file."""

    key: str
    title: str
    purpose: str
    kept_for: str
    seen_by: str
    held: tuple[Held, ...]
    papers: Iterable[Paper] = ()
    left_out: str = ""  # what is not handed out, and why

    def count(self) -> int:
        return sum(each.count() for each in self.held)


@dataclass(frozen=True)
class Hold:
    """Why an account cannot be closed yet, and where that is settled."""

    code: str
    explanation: str
    remedy: str
    path: str = ""


@dataclass(frozen=True)
class Due:
    """What the next run of a rule forgets: how many, and the first few by number or date, never by name."""

    count: int
    first: list[str]
