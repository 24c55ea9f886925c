"""Plots of a family's facts other than evaluations: its training data, and what the training took."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from release.catalogue.evaluation import Row, column_plot, rows_of
from release.catalogue.plots.axis import readable
from release.catalogue.plots.bars import BarPlot, Length, bar_plot


@dataclass(frozen=True)
class Cost:
    """A table of what training took, with a plot for each of its columns."""

    title: str
    source: str
    note: str
    columns: list[str]
    rows: list[Row]
    plots: list[BarPlot]


def mix_plot(mix: Mapping[str, Any] | None) -> BarPlot | None:
    """The shares of the data sets; None where the facts do not say which column they are."""
    if not mix or mix.get("plotted") not in mix["columns"]:
        return None
    place = mix["columns"].index(mix["plotted"])
    lengths = [Length(str(row[0]), row[place]) for row in mix["rows"] if row[place] is not None]
    largest = max(lengths, key=lambda length: length.value, default=None)
    summary = "" if largest is None else _("Most of it, %(value)s %%: %(name)s.") % {
        "value": readable(largest.value), "name": largest.name,
    }  # fmt: skip
    return bar_plot(str(mix["title"]), summary, lengths, unit=" %")


def training_cost(cost: Mapping[str, Any] | None, own: Collection[str], focus: Collection[str]) -> Cost | None:
    if not cost:
        return None
    table = {**cost, "better": "lower"}
    rows = rows_of(table, own, focus)
    plots = [plot for column in cost["columns"] if (plot := column_plot(table, rows, column))]
    return Cost(cost["title"], cost["source"], cost.get("note", ""), cost["columns"], rows, plots)
