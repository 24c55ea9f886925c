"""Where the name of a mark can stand without covering another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LETTER, LINE = 6.6, 13  # of the small letters in a plot
GAP = 9  # between the middle of a mark and its name


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float, half: float) -> Box:
        return cls(x - half, y - half, x + half, y + half)

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True)
class Spot:
    """The point that the text is anchored to, and what it then covers."""

    x: float
    y: float
    anchor: str
    box: Box


def place(text: str, x: float, y: float, taken: Sequence[Box], field: tuple[float, float, float, float]) -> Spot | None:
    """The first free place around a mark: right, left, above, below, then aslant; None if there is none."""
    left, right, top, bottom = field
    for spot in _spots(text, x, y):
        box = spot.box
        inside = box.left >= left and box.right <= right + 4 and box.top >= top - LINE and box.bottom <= bottom + 2
        if inside and not any(box.meets(other) for other in taken):
            return spot
    return None


def _spots(text: str, x: float, y: float) -> list[Spot]:
    width = len(text) * LETTER
    aside = [(dy, side) for dy in (0, -10, 10, -18, 18) for side in ("start", "end")]
    spots = [_spot(x + GAP if side == "start" else x - GAP, y + dy, side, width) for dy, side in aside[:2]]
    spots += [_spot(x, y + dy, "middle", width) for dy in (-GAP - 5, GAP + 5)]
    return spots + [_spot(x + GAP if side == "start" else x - GAP, y + dy, side, width) for dy, side in aside[2:]]


def _spot(x: float, middle: float, anchor: str, width: float) -> Spot:
    left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
    box = Box(left, middle - LINE / 2, left + width, middle + LINE / 2)
    return Spot(x, middle + LINE / 2 - 2, anchor, box)
