"""Shapes stay inside the field, and numbers on axes are round."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_portal.reports.plots import BOTTOM, LEFT, RIGHT, TOP, Series, bar_plot, line_plot, ticks_up_to

values = st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=160)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (4, [0, 1, 2, 3, 4]), (5, [0, 2, 4, 6]),
        (17, [0, 5, 10, 15, 20]), (100, [0, 50, 100]), (1001, [0, 500, 1000, 1500]),
    ],
)  # fmt: skip
def test_ticks_are_round_and_reach_the_highest(highest: float, ticks: list[int]) -> None:
    assert ticks_up_to(highest) == ticks


@given(st.floats(0, 1e9))
def test_there_are_few_ticks_from_nothing_upwards(highest: float) -> None:
    ticks = ticks_up_to(highest)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 6
    assert ticks[-1] >= highest * (1 - 1e-9)


def test_stacked_bars_stand_on_each_other_from_the_ground_up() -> None:
    plot = bar_plot("t", ["a"], [Series("one", [1]), Series("two", [3])], "things", "s")
    lower, upper = plot.bars
    assert float(lower.y) + float(lower.height) == BOTTOM
    assert float(upper.y) + float(upper.height) == pytest.approx(float(lower.y), abs=0.2)
    assert float(upper.y) == TOP
    assert (lower.title, upper.title) == ("a: 1 one", "a: 3 two")


def test_a_missing_value_breaks_the_line() -> None:
    plot = line_plot("t", list("abcd"), [Series("s", [1, 2, None, 3])], "days", "s")
    assert re.sub(r"[\d. ]", "", plot.lines[0].path) == "MLM"
    assert len(plot.dots) == 3


@pytest.mark.parametrize("drawing", [bar_plot, line_plot])
def test_no_values_draw_nothing(drawing: type) -> None:
    assert drawing("t", [], [Series("s", [])], "u", "s").is_empty
    assert drawing("t", ["a"], [Series("s", [None])], "u", "s").is_empty


def test_labels_do_not_run_into_each_other() -> None:
    weeks = [f"2026-01-{n:02d}" for n in range(1, 54)]
    ticks = bar_plot("t", weeks, [Series("s", [1] * 53)], "u", "s").x_ticks
    places = [float(tick.at) for tick in ticks]
    assert min(b - a for a, b in pairwise(places)) > 10 * 6


@given(values)
def test_every_shape_lies_in_the_field(numbers: list[float | None]) -> None:
    labels = [str(n) for n in range(len(numbers))]
    for bar in bar_plot("t", labels, [Series("s", numbers)], "u", "s").bars:
        assert LEFT <= float(bar.x) <= float(bar.x) + float(bar.width) <= RIGHT + 0.2
        assert TOP - 0.1 <= float(bar.y) <= BOTTOM + 0.1
        assert float(bar.height) >= 0
    for dot in line_plot("t", labels, [Series("s", numbers)], "u", "s").dots:
        assert TOP - 0.1 <= float(dot.y) <= BOTTOM + 0.1
