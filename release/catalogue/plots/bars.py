"""Bars that lie beside their names: which is longest is seen at once, and each says its own number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from release.catalogue.plots.axis import coordinate, readable

WIDTH = 400
LETTER = 8.1  # how wide one is, more or less
DIGIT = 7.3
ROW, BAR = 25, 14  # heights
TALL_ROW, NAME_LINE = 42, 17  # where a name stands above its bar
LONGEST_BESIDE = 20  # letters of a name that still stands beside
LONGEST_NAME = 56
FOCUS, OWN, OTHER = "focus", "own", "other"


@dataclass(frozen=True)
class Length:
    """What a bar stands for; `kind` is what it is to the reader: the model of this page, its family, or another."""

    name: str
    value: float
    kind: str = FOCUS


@dataclass(frozen=True)
class Bar:
    """Where one bar, its name and its number stand."""

    name: str
    name_x: str
    name_y: str
    name_beside: bool
    x: str
    y: str
    width: str
    height: int
    value: str
    value_x: str
    value_y: str
    kind: str


@dataclass(frozen=True)
class BarPlot:
    """`heading` is what stands above it, where its title would repeat what is near."""

    title: str
    heading: str
    summary: str
    height: int
    bars: Sequence[Bar]


def bar_plot(
    title: str, summary: str, lengths: Sequence[Length], *, unit: str = "", heading: str = ""
) -> BarPlot | None:
    """None where there is nothing to compare."""
    drawn = [length for length in lengths if length.value >= 0]
    if len(drawn) < 2:
        return None
    beside = max(len(length.name) for length in drawn) <= LONGEST_BESIDE
    row = ROW if beside else TALL_ROW
    left = max(len(length.name) for length in drawn) * LETTER + 8 if beside else 0.0
    numbers = [f"{readable(length.value)}{unit}" for length in drawn]
    room = WIDTH - left - max(len(number) for number in numbers) * DIGIT - 10
    longest = max(length.value for length in drawn) or 1
    bars = [
        _bar(length, number, top=n * row, left=left, width=room * length.value / longest, beside=beside)
        for n, (length, number) in enumerate(zip(drawn, numbers, strict=True))
    ]
    return BarPlot(title, heading, summary, len(drawn) * row, bars)


def _bar(length: Length, number: str, *, top: float, left: float, width: float, beside: bool) -> Bar:
    bar_top = top + (ROW - BAR) / 2 if beside else top + NAME_LINE + 4
    middle = bar_top + BAR / 2 + 4
    name = length.name if len(length.name) <= LONGEST_NAME else f"{length.name[: LONGEST_NAME - 1]}…"
    return Bar(
        name=name,
        name_x=coordinate(left - 8 if beside else 0),
        name_y=coordinate(middle if beside else top + NAME_LINE - 3),
        name_beside=beside,
        x=coordinate(left),
        y=coordinate(bar_top),
        width=coordinate(max(width, 1)),
        height=BAR,
        value=number,
        value_x=coordinate(left + max(width, 1) + 6),
        value_y=coordinate(middle),
        kind=length.kind,
    )
