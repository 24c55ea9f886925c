"""Counts that could point to a person are not published: neither directly, nor as a difference of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

FEWEST = 5


class Hidden(StrEnum):
    """In place of a count."""

    FEW = "fewer_than_5"
    WITHHELD = "not_shown"  # large enough, but it would give away a small one


Shown = int | Hidden
Cells = list[list[Shown]]


def veil(table: Sequence[Sequence[int]]) -> Cells:
    """A table of counts, to be published with a last row and a last column of sums, that hides one to four.

    A row or column with a single hidden cell would give it away as the difference to the sum, so the smallest other
    cell goes as well, until none has a single one. Nothing is no count of anybody, so 0 stays.
    """
    full = with_sums(table)
    cells: Cells = [[Hidden.FEW if 0 < count < FEWEST else count for count in row] for row in full]
    while line := next((line for line in _lines(cells) if _gives_away(line, cells)), None):
        shown = [place for place in line if isinstance(cells[place[0]][place[1]], int)]
        row, column = min((place for place in shown if full[place[0]][place[1]]), key=lambda p: full[p[0]][p[1]])
        cells[row][column] = Hidden.WITHHELD
    return cells


def veil_list(counts: Sequence[int]) -> list[Shown]:
    """The same for a single row; its sum comes last."""
    return veil([counts])[0]


def with_sums(table: Sequence[Sequence[int]]) -> list[list[int]]:
    """The table with a last column and a last row of sums."""
    rows = [[*row, sum(row)] for row in table]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]] if rows else []


def _lines(cells: Cells) -> Iterator[list[tuple[int, int]]]:
    """The places of each row and of each column."""
    width = len(cells[0]) if cells else 0
    yield from ([(row, column) for column in range(width)] for row in range(len(cells)))
    yield from ([(row, column) for row in range(len(cells))] for column in range(width))


def _gives_away(line: list[tuple[int, int]], cells: Cells) -> bool:
    return sum(isinstance(cells[row][column], Hidden) for row, column in line) == 1
