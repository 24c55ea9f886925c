"""A report as rows of cells: what the page shows, the files carry and the API gives are one and the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from access_portal.reports.plots import Plot

Cell = str | int | float | None
Words = str | Promise


@dataclass(frozen=True)
class Column:
    """`key` is for programs and stays; `label` is for people."""

    key: str
    label: Words


@dataclass(frozen=True)
class Sheet:
    """The first column names the row."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)
    plot: Plot | None = None

    @property
    def keys(self) -> list[str]:
        return [column.key for column in self.columns]

    def records(self) -> list[dict[str, Cell]]:
        """Each row by the keys of its columns."""
        return [dict(zip(self.keys, row, strict=True)) for row in self.rows]
