"""Round numbers along an axis, and coordinates as SVG writes them whatever the reader's language."""

from __future__ import annotations

from math import ceil, floor, log10

FACTORS = (1, 2, 5)
STEPS = 4  # about so many between the ends of an axis


def ticks_between(lowest: float, highest: float) -> list[float]:
    """Round numbers, the first not above `lowest` and the last not below `highest`."""
    if highest <= lowest:
        highest = lowest + 1
    step = _round_step((highest - lowest) / STEPS)
    first, last = floor(lowest / step + 1e-9), ceil(highest / step - 1e-9)
    return [round(step * n, 10) for n in range(first, last + 1)]


def decade_ticks(lowest: float, highest: float) -> list[float]:
    """1, 2, 5, 10, 20 … between two positive numbers, for an axis on which equal steps multiply."""
    exponents = range(floor(log10(lowest)), ceil(log10(highest)) + 1)
    found = [factor * 10.0**exponent for exponent in exponents for factor in FACTORS]
    return [tick for tick in found if lowest <= tick <= highest]


def coordinate(number: float) -> str:
    """With at most one decimal place, and never a comma."""
    return f"{round(number, 1):g}"


def readable(number: float) -> str:
    """`1,022,362`, `63.4`, `81.0`: as it was printed, with its thousands apart."""
    return f"{number:,}"


def on_axis(number: float) -> str:
    """`80`, `0.12`: without what is always nought."""
    return f"{number:,g}" if abs(number) < 1e6 else f"{number:,.0f}"


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return float(next(factor * power for factor in (*FACTORS, 10) if factor * power >= rough * (1 - 1e-9)))
