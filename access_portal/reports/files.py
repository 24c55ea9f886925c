"""Tables as files: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from access_portal.reports.sheets import Cell, Sheet
from access_portal.reports.wanted import Wanted

# Spreadsheets take a cell that begins like this for a formula and run it.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones as well
BOM = "\ufeff"  # without it spreadsheets read letters beyond ASCII wrongly; programs have JSON


def as_csv(sheet: Sheet) -> bytes:
    """With a first line of keys."""
    return (BOM + csv_lines([sheet.keys, *sheet.rows])).encode()


def csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    """Lines that no spreadsheet runs as formulas: a text that looks like one is given an apostrophe in front."""
    paper = StringIO()
    csv.writer(paper).writerows([tame(cell) for cell in row] for row in rows)
    return paper.getvalue()


def tame(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(DANGEROUS) else cell


def as_json(name: str, sheet: Sheet, wanted: Wanted, *, is_now: bool, at: str) -> dict[str, Any]:
    """What file and API give; a report of what stands now has no period."""
    period = {"since": wanted.period.since.isoformat(), "until": wanted.period.until.isoformat()}
    return {
        "report": name,
        "period": None if is_now else period,
        "family": wanted.family or None,
        "made_at": at,
        "rows": sheet.records(),
    }
