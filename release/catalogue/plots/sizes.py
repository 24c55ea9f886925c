"""Reading the size of a model out of its name, as tables of papers print it: `PaLM-cont 62B`."""

from __future__ import annotations

import re

SIZED = re.compile(r"(?P<line>.+?)[ -](?P<number>\d{1,4}(?:\.\d{1,3})?)(?P<unit>[MBT])")
UNITS = {"M": 1e6, "B": 1e9, "T": 1e12}


def size_in(name: str) -> tuple[str, float] | None:
    """The line of models (`PaLM-cont`) and the number of parameters (6.2e10); None for a name without a size."""
    found = SIZED.fullmatch(name.strip())
    if found is None or not float(found["number"]):
        return None
    return found["line"], float(found["number"]) * UNITS[found["unit"]]


def short_size(parameters: float) -> str:
    """`5M`, `6.7B`, `540B`."""
    unit = next(unit for unit in ("T", "B", "M") if parameters >= UNITS[unit] or unit == "M")
    return f"{round(parameters / UNITS[unit], 1):g}{unit}"
