"""Bars and lines as shapes that a template writes down as SVG; every plot stands beside a table of the same numbers.

Coordinates are texts with at most one decimal place, so that no locale writes a comma into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil, floor, log10

from django.utils.functional import Promise

WIDTH, HEIGHT = 400, 210
LEFT, RIGHT, TOP, BOTTOM = 40, 390, 26, 178  # the edges of the field that is drawn in
LETTER = 6.6  # how wide one is, more or less
Words = str | Promise


@dataclass(frozen=True)
class Series:
    """Numbers in the order of the labels; None draws nothing."""

    label: Words
    values: Sequence[float | None]


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what stands there."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Bar:
    """A rectangle of one series; `title` says what it stands for."""

    x: str
    y: str
    width: str
    height: str
    series: int
    title: str


@dataclass(frozen=True)
class Dot:
    """One value of a line."""

    x: str
    y: str
    series: int
    title: str


@dataclass(frozen=True)
class Line:
    """`path` is the `d` of an SVG path; it is broken where a value is missing."""

    path: str
    series: int


@dataclass(frozen=True)
class Plot:
    """All that there is to draw. `summary` says in words what a person sees at a glance."""

    title: Words
    summary: str
    unit: Words
    y_ticks: Sequence[Tick]
    x_ticks: Sequence[Tick]
    legend: Sequence[Words]
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()
    dots: Sequence[Dot] = ()
    is_empty: bool = False


def bar_plot(title: Words, labels: Sequence[str], series: Sequence[Series], unit: Words, summary: str) -> Plot:
    """Bars beside each other; several series stand on top of each other."""
    sums = [sum(one.values[n] or 0 for one in series) for n in range(len(labels))]
    ticks = ticks_up_to(max(sums, default=0))
    step = (RIGHT - LEFT) / max(1, len(labels))
    bars = []
    for n, label in enumerate(labels):
        below = 0.0
        for place, one in enumerate(series):
            value = one.values[n] or 0
            if value:
                top, bottom = _y(below + value, ticks[-1]), _y(below, ticks[-1])
                x, width = LEFT + n * step + step * 0.12, step * 0.76
                said = f"{label}: {_short(value)} {one.label}"
                bars.append(Bar(_text(x), _text(top), _text(width), _text(bottom - top), place, said))
            below += value
    x_ticks = _x_ticks(labels, [LEFT + (n + 0.5) * step for n in range(len(labels))])
    legend = [one.label for one in series] if len(series) > 1 else []
    return Plot(title, summary, unit, _y_ticks(ticks), x_ticks, legend, bars=bars, is_empty=not bars)


def line_plot(title: Words, labels: Sequence[str], series: Sequence[Series], unit: Words, summary: str) -> Plot:
    """Each series as a line with dots."""
    highest = max((value for one in series for value in one.values if value is not None), default=0)
    ticks = ticks_up_to(highest)
    step = (RIGHT - LEFT) / max(1, len(labels))
    xs = [LEFT + (n + 0.5) * step for n in range(len(labels))]
    lines, dots = [], []
    for place, one in enumerate(series):
        lines.append(Line(_path(xs, one.values, ticks[-1]), place))
        dots += [
            Dot(_text(x), _text(_y(value, ticks[-1])), place, f"{label}: {_short(value)} ({one.label})")
            for x, label, value in zip(xs, labels, one.values, strict=True)
            if value is not None
        ]
    legend = [one.label for one in series] if len(series) > 1 else []
    return Plot(title, summary, unit, _y_ticks(ticks), _x_ticks(labels, xs), legend, lines=lines, dots=dots,
                is_empty=not dots)  # fmt: skip


def ticks_up_to(highest: float) -> list[int]:
    """Three to six whole, round numbers from 0 to the first that is not below `highest`."""
    step = _round_up(max(highest, 1) / 4)
    return [step * n for n in range(ceil(round(max(highest, 1) / step, 9)) + 1)]


def _round_up(number: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    power = max(0, floor(log10(number)))
    found: int = next(
        factor * 10**exponent
        for exponent in count(power)
        for factor in (1, 2, 5)
        if factor * 10**exponent >= number * (1 - 1e-9)
    )
    return found


def _y(value: float, highest: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / highest


def _y_ticks(ticks: Sequence[int]) -> list[Tick]:
    return [Tick(_text(_y(tick, ticks[-1])), _short(tick), "end") for tick in ticks]


def _x_ticks(labels: Sequence[str], xs: Sequence[float]) -> list[Tick]:
    widest = max((len(label) for label in labels), default=1) + 2
    every = ceil(len(labels) / max(1, floor((RIGHT - LEFT) / (widest * LETTER)))) or 1
    return [Tick(_text(xs[n]), labels[n]) for n in range(0, len(labels), every)]


def _path(xs: Sequence[float], values: Sequence[float | None], highest: float) -> str:
    pieces, pen = [], "M"
    for x, value in zip(xs, values, strict=True):
        if value is None:
            pen = "M"
            continue
        pieces.append(f"{pen}{_text(x)} {_text(_y(value, highest))}")
        pen = "L"
    return "".join(pieces)


def _text(number: float) -> str:
    return f"{round(number, 1):g}"


def _short(number: float) -> str:
    return f"{number:,.1f}".removesuffix(".0")
