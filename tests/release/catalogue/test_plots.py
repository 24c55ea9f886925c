"""Shapes of plots: where things stand, what they say, and what cannot be drawn."""

from __future__ import annotations

import re

import pytest

from release.catalogue.plots.axis import coordinate, decade_ticks, on_axis, readable, ticks_between
from release.catalogue.plots.bars import FOCUS, OTHER, OWN, WIDTH, Length, bar_plot
from release.catalogue.plots.placing import Box, place
from release.catalogue.plots.scaling import scaling_plot
from release.catalogue.plots.sizes import short_size, size_in

FIELD = (0, 400, 0, 300)
SCORES = [
    ("LLaMA 7B", 35.1, FOCUS), ("LLaMA 65B", 63.4, OWN), ("PaLM 8B", 25.4, OTHER), ("PaLM 540B", 69.3, OTHER),
    ("Gopher 280B", 60.0, OTHER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lowest", "highest", "ticks"),
    [
        (25.4, 69.3, [20, 40, 60, 80]),
        (0.081, 0.141, [0.08, 0.1, 0.12, 0.14, 0.16]),
        (50, 50, [50.0, 50.5, 51.0]),
        (0, 100, [0, 50, 100]),
    ],
)
def test_ticks_are_round_and_hold_all_values(lowest: float, highest: float, ticks: list[float]) -> None:
    found = ticks_between(lowest, highest)
    assert found == pytest.approx(ticks)
    assert found[0] <= lowest
    assert found[-1] >= highest


def test_ticks_of_decades_lie_between_the_ends() -> None:
    assert decade_ticks(4e9, 6e10) == [5e9, 1e10, 2e10, 5e10]


@pytest.mark.parametrize(("number", "text"), [(81.0, "81.0"), (0.128, "0.128"), (1022362, "1,022,362"), (63.4, "63.4")])
def test_figures_are_said_as_they_were_printed(number: float, text: str) -> None:
    assert readable(number) == text


def test_numbers_on_an_axis_are_short_and_coordinates_have_no_comma() -> None:
    assert [on_axis(80.0), on_axis(0.12), on_axis(2_000_000.0)] == ["80", "0.12", "2,000,000"]
    assert coordinate(1234.56) == "1234.6"


@pytest.mark.parametrize(
    ("name", "line", "size"),
    [("PaLM-cont 62B", "PaLM-cont", 62e9), ("GPT-3 1.3B", "GPT-3", 1.3e9), ("Quill 5M", "Quill", 5e6),
     ("OPT-175B", "OPT", 175e9)],
)  # fmt: skip
def test_the_size_of_a_model_is_read_from_its_name(name: str, line: str, size: float) -> None:
    assert size_in(name) == (line, size)


@pytest.mark.parametrize("name", ["", "GPT-4", "7B", "LLaMA 7b", "LLaMA 0B", "B" * 5000, "LLaMA 7B\n<b>"])
def test_a_name_without_a_size_has_none(name: str) -> None:
    assert size_in(name) is None


@pytest.mark.parametrize(("number", "text"), [(5e6, "5M"), (6_738_415_616, "6.7B"), (1e12, "1T"), (400, "0M")])
def test_sizes_are_written_short(number: float, text: str) -> None:
    assert short_size(number) == text


def test_the_longest_bar_fills_the_room_and_no_number_leaves_the_picture() -> None:
    plot = bar_plot("A", "", [Length("LLaMA 7B", 30.0), Length("PaLM", 60.0, OTHER)])
    assert plot is not None
    short, long = plot.bars
    assert float(long.width) == pytest.approx(2 * float(short.width), abs=0.2)
    assert float(long.value_x) + 4 * 7 <= WIDTH
    assert [bar.kind for bar in plot.bars] == [FOCUS, OTHER]


def test_long_names_stand_above_their_bars_and_endless_ones_are_cut() -> None:
    plot = bar_plot("A", "", [Length("Narrative books of the King James Bible", 1), Length("x" * 500, 2)])
    assert plot is not None
    assert not any(bar.name_beside for bar in plot.bars)
    assert all(len(bar.name) <= 56 for bar in plot.bars)


def test_one_value_alone_is_no_plot() -> None:
    assert bar_plot("A", "", [Length("LLaMA 65B", 1.0)]) is None
    assert bar_plot("A", "", []) is None


def test_values_of_nought_are_drawn_all_the_same() -> None:
    plot = bar_plot("A", "", [Length("a", 0), Length("b", 0)])
    assert plot is not None
    assert [bar.width for bar in plot.bars] == ["1", "1"]


def test_larger_models_stand_further_right_and_better_ones_higher() -> None:
    plot = scaling_plot("MMLU", "", "Average", SCORES)
    assert plot is not None
    at = {mark.title.split(":")[0]: [float(n) for n in re.findall(r"[\d.]+", mark.path)[:2]] for mark in plot.marks}
    assert at["LLaMA 7B"][0] < at["LLaMA 65B"][0] < at["Gopher 280B"][0] < at["PaLM 540B"][0]
    assert at["PaLM 540B"][1] < at["LLaMA 65B"][1] < at["PaLM 8B"][1]


def test_lines_join_models_of_one_kind_and_the_family_has_the_last_word() -> None:
    plot = scaling_plot("MMLU", "", "Average", SCORES)
    assert plot is not None
    assert sorted(line.kind for line in plot.lines) == [OTHER, OWN]
    assert plot.marks[-1].title == "LLaMA 7B: 35.1"
    assert {"LLaMA 65B", "7B", "PaLM 540B", "8B", "Gopher 280B"} == {label.text for label in plot.labels}


def test_comparators_differ_by_shape_and_not_only_by_colour() -> None:
    plot = scaling_plot("MMLU", "", "Average", SCORES)
    assert plot is not None
    shapes = {mark.title.split(" ")[0]: re.sub(r"^M[\d.]+ [\d.]+", "", mark.path) for mark in plot.marks}
    assert len(set(shapes.values())) == 3


def test_nothing_scales_with_a_single_model_of_the_family() -> None:
    assert scaling_plot("A", "", "Average", SCORES[1:]) is None


def test_names_keep_clear_of_each_other() -> None:
    taken = [Box.around(200, 100, 5)]
    spots = []
    for _n in range(4):
        spot = place("Chinchilla 70B", 200, 100, taken, FIELD)
        assert spot is not None
        assert not any(spot.box.meets(box) for box in taken)
        taken.append(spot.box)
        spots.append((spot.x, spot.y, spot.anchor))
    assert len(set(spots)) == 4


def test_a_name_without_room_is_left_to_the_table() -> None:
    assert place("x" * 80, 200, 100, [], FIELD) is None
