"""Evaluation tables of a model card, each with the plots that show it at a glance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from release.catalogue.plots.axis import readable
from release.catalogue.plots.bars import FOCUS, OTHER, OWN, BarPlot, Length, bar_plot
from release.catalogue.plots.scaling import ScalingPlot, scaling_plot

LETTERS_BESIDE = 50  # of a table's head that still fits beside a plot, where each column costs four more
Table = Mapping[str, Any]  # as the facts of a family give it: id, title, source, columns, rows, note, headline, better


@dataclass(frozen=True)
class Row:
    """One model; `kind` is what it is to the reader of this page."""

    name: str
    values: Sequence[float | None]
    kind: str


@dataclass(frozen=True)
class Evaluation:
    """A table and its plots: of the column that stands for all of it, and of each other column."""

    id: str
    title: str
    source: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Row]
    scaling: ScalingPlot | None
    headline: BarPlot | None
    others: Sequence[BarPlot]

    @property
    def is_wide(self) -> bool:
        """Whether its table needs the width of the page."""
        return sum(len(column) + 4 for column in self.columns) > LETTERS_BESIDE


def evaluations(tables: Sequence[Table], own: Collection[str], focus: Collection[str]) -> list[Evaluation]:
    """`own` are the rows of the family, `focus` those that the page is about."""
    return [_evaluation(table, own, focus) for table in tables]


def rows_of(table: Table, own: Collection[str], focus: Collection[str]) -> list[Row]:
    return [Row(row["name"], row["values"], _kind(row["name"], own, focus)) for row in table["rows"]]


def column_plot(table: Table, rows: Sequence[Row], column: str) -> BarPlot | None:
    """The bars of one column, in the order of the table."""
    place = list(table["columns"]).index(column)
    lengths = [Length(row.name, value, row.kind) for row in rows if (value := row.values[place]) is not None]
    return bar_plot(f"{table['title']}: {column}", _summary(table, lengths), lengths, heading=column)


def _evaluation(table: Table, own: Collection[str], focus: Collection[str]) -> Evaluation:
    rows, columns = rows_of(table, own, focus), list(table["columns"])
    headline = table.get("headline", columns[-1])
    others = [plot for column in columns if column != headline and (plot := column_plot(table, rows, column))]
    return Evaluation(
        id=table["id"],
        title=table["title"],
        source=table["source"],
        note=table.get("note", ""),
        columns=columns,
        rows=rows,
        scaling=_scaling(table, rows, headline),
        headline=column_plot(table, rows, headline),
        others=others,
    )


def _scaling(table: Table, rows: Sequence[Row], column: str) -> ScalingPlot | None:
    place = list(table["columns"]).index(column)
    scores = [(row.name, value, row.kind) for row in rows if (value := row.values[place]) is not None]
    summary = _("Each mark is a model: the further right, the more parameters; the higher, the higher its score.")
    return scaling_plot(f"{table['title']}: {column}", f"{summary} {_better(table)}", column, scores)


def _summary(table: Table, lengths: Sequence[Length]) -> str:
    """Which is best, in words: what somebody who sees the bars sees at once."""
    if not lengths:
        return ""
    pick = min if table.get("better") == "lower" else max
    best = pick(lengths, key=lambda length: length.value)
    return _("Best here: %(name)s with %(value)s. %(better)s") % {
        "name": best.name, "value": readable(best.value), "better": _better(table),
    }  # fmt: skip


def _better(table: Table) -> str:
    return _("Lower is better.") if table.get("better") == "lower" else _("Higher is better.")


def _kind(name: str, own: Collection[str], focus: Collection[str]) -> str:
    return FOCUS if name in focus else OWN if name in own else OTHER
