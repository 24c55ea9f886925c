"""The list of cases as a file: what happened to each and when, without a name and without an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import F

from access_portal.reports.files import BOM, csv_lines
from access_portal.reports.rows import sent
from access_portal.reports.wanted import Wanted

SLICE = 1000  # rows that are in memory at a time
COLUMNS = (
    "number", "family", "state", "submitted_at", "rounds", "due_at", "verdict", "code", "decided_at", "closed_at",
)  # fmt: skip


def pieces(wanted: Wanted, now: datetime) -> Iterator[bytes]:
    """CSV of the applications that were first sent in the period, in the order of their keys."""
    yield (BOM + csv_lines([COLUMNS])).encode()
    last = 0
    while rows := _slice(wanted, now, last):
        last = rows[-1]["pk"]
        yield csv_lines([_cells(row, now) for row in rows]).encode()


async def pieces_for_asgi(wanted: Wanted, now: datetime) -> AsyncIterator[bytes]:
    """The same, where the server would otherwise gather it all before it sends anything."""
    whole = pieces(wanted, now)

    def step() -> bytes:
        return next(whole, b"")

    while piece := await sync_to_async(step)():
        yield piece


def _slice(wanted: Wanted, now: datetime, after: int) -> list[dict[str, Any]]:
    period = wanted.period
    rows = sent(now, wanted.family).filter(submitted_at__gte=period.begins_at, submitted_at__lt=period.ends_at)
    decided = {
        "slug": F("family__slug"), "verdict": F("decision__verdict"), "code": F("decision__code"),
        "decided_at": F("decision__at"), "confirmed_at": F("decision__confirmed_at"),
    }  # fmt: skip
    names = ("pk", "number", "told", "submitted_at", "rounds", "due_at", "closed_at", "undo_until")
    return list(rows.filter(pk__gt=after).order_by("pk").values(*names, **decided)[:SLICE])


def _cells(row: dict[str, Any], now: datetime) -> list[str | int | None]:
    can_be_undone = row["undo_until"] is not None and now < row["undo_until"]
    decided_at = row["confirmed_at"] or row["decided_at"]
    answer = [None, None, None] if can_be_undone else [row["verdict"], row["code"], _moment(decided_at)]
    return [
        row["number"], row["slug"], row["told"], _moment(row["submitted_at"]), row["rounds"], _moment(row["due_at"]),
        *answer, _moment(row["closed_at"]),
    ]  # fmt: skip


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
