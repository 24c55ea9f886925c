"""How a score grows with the number of parameters: one mark for each model, a line through those of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from release.catalogue.plots.axis import coordinate, decade_ticks, on_axis, readable, ticks_between
from release.catalogue.plots.bars import FOCUS, OTHER, OWN
from release.catalogue.plots.placing import Box, place
from release.catalogue.plots.sizes import short_size, size_in

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 36, 392, 14, 258
SIZE = 5  # half of a mark
# Comparators are told apart by shape, so that nobody needs to see colours: around its middle, as an SVG path draws it.
SHAPES = (
    "m-5-5h10v10h-10z",
    "m0-6l6 11h-12z",
    "m0-7l6.5 7l-6.5 7l-6.5-7z",
    "m0 6l6-11h-12z",
    "m-5-5l10 10m0-10l-10 10",
)
CIRCLE = "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z"


@dataclass(frozen=True)
class Tick:
    at: str
    label: str


@dataclass(frozen=True)
class Mark:
    """One model; `path` is the `d` of an SVG path, `title` what it stands for."""

    path: str
    kind: str
    title: str


@dataclass(frozen=True)
class Label:
    x: str
    y: str
    anchor: str
    text: str
    kind: str


@dataclass(frozen=True)
class Line:
    path: str
    kind: str


@dataclass(frozen=True)
class ScalingPlot:
    title: str
    summary: str
    unit: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[Line]
    marks: Sequence[Mark]
    labels: Sequence[Label]


@dataclass(frozen=True)
class _Point:
    name: str
    line: str
    kind: str
    score: float
    x: float
    y: float


def scaling_plot(title: str, summary: str, unit: str, scores: Sequence[tuple[str, float, str]]) -> ScalingPlot | None:
    """`scores` are names with their sizes in them, scores and kinds; None without two of the family to compare."""
    sized = [(name, found, score, kind) for name, score, kind in scores if (found := size_in(name)) is not None]
    if len({name for name, _found, _score, kind in sized if kind != OTHER}) < 2:
        return None
    sizes = [found[1] for _name, found, _score, _kind in sized]
    heights = ticks_between(min(score for *_rest, score, _kind in sized), max(score for *_rest, score, _kind in sized))
    smallest, largest = min(sizes) / 1.35, max(sizes) * 1.35
    points = [
        _Point(name, line, kind, score, _x(size, smallest, largest), _y(score, heights))
        for name, (line, size), score, kind in sized
    ]
    return ScalingPlot(
        title,
        summary,
        unit,
        [Tick(coordinate(_x(tick, smallest, largest)), short_size(tick)) for tick in decade_ticks(smallest, largest)],
        [Tick(coordinate(_y(tick, heights)), on_axis(tick)) for tick in heights],
        _lines(points),
        _marks(points),
        _labels(points),
    )


def _x(size: float, smallest: float, largest: float) -> float:
    share = (log10(size) - log10(smallest)) / (log10(largest) - log10(smallest))
    return LEFT + (RIGHT - LEFT) * share


def _y(score: float, ticks: Sequence[float]) -> float:
    return BOTTOM - (BOTTOM - TOP) * (score - ticks[0]) / (ticks[-1] - ticks[0])


def _by_line(points: Sequence[_Point]) -> dict[str, list[_Point]]:
    found: dict[str, list[_Point]] = {}
    for point in sorted(points, key=lambda point: point.x):
        found.setdefault(point.line, []).append(point)
    return found


def _lines(points: Sequence[_Point]) -> list[Line]:
    return [
        Line("M" + "L".join(f"{coordinate(p.x)} {coordinate(p.y)}" for p in of), OTHER if of[0].kind == OTHER else OWN)
        for of in _by_line(points).values()
        if len(of) > 1
    ]


def _marks(points: Sequence[_Point]) -> list[Mark]:
    """Comparators first, so that the family lies on top of them."""
    others = [line for line, of in _by_line(points).items() if of[0].kind == OTHER]
    shapes = {line: SHAPES[n % len(SHAPES)] for n, line in enumerate(others)}
    drawn = sorted(points, key=lambda point: (point.kind == FOCUS, point.kind == OWN))
    return [
        Mark(
            f"M{coordinate(point.x)} {coordinate(point.y)}{shapes.get(point.line, CIRCLE)}",
            point.kind,
            f"{point.name}: {readable(point.score)}",
        )
        for point in drawn
    ]


def _labels(points: Sequence[_Point]) -> list[Label]:
    """Each model by its size where there are several of its line, which is named at the last; else by its name."""
    taken = [Box.around(point.x, point.y, SIZE) for point in points]
    labels = []
    for line, of in sorted(_by_line(points).items(), key=lambda item: item[1][0].kind == OTHER):
        for point in reversed(of):
            text = point.name if point is of[-1] else point.name.removeprefix(line).lstrip(" -")
            spot = place(text, point.x, point.y, taken, (LEFT, RIGHT, TOP, BOTTOM))
            if spot is None:
                continue  # no room: its title and the table name it
            taken.append(spot.box)
            kind = OTHER if point.kind == OTHER else point.kind
            labels.append(Label(coordinate(spot.x), coordinate(spot.y), spot.anchor, text, kind))
    return labels
