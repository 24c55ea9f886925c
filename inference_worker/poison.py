"""A chunk that keeps losing its workers is cut in two until the line at fault stands alone, and only it fails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Max

from inference_worker import leases, results
from inference_worker.models import Chunk
from inference_worker.results import Line

OWNER = "reconciler"
MESSAGE = "The worker stopped each time it ran this line. It was not charged; please report it with its id."

log = structlog.get_logger(__name__)


def isolate(chunk: Chunk, now: datetime) -> None:
    """Cut a suspect chunk in two, or fail its only line; nothing when somebody else is at it."""
    if not leases.take(chunk, owner=OWNER, now=now):
        return
    lines = results.read_lines(chunk.lines_key)
    log.warning("chunk_suspected", batch=chunk.batch_id, chunk=chunk.index, lines=len(lines))
    if len(lines) == 1:
        _fail(chunk, lines[0])
    else:
        _split(chunk, lines)


def _fail(chunk: Chunk, line: Line) -> None:
    _, error_key = results.attempt_keys(chunk.batch_id, chunk.index, chunk.fencing)
    results.write(error_key, [results.not_run(line, code="internal_error", message=MESSAGE)])
    outcome = leases.Outcome(error_key=error_key, failed_lines=1)
    leases.complete(chunk_id=chunk.pk, fencing=chunk.fencing, outcome=outcome, whole=True)


def _split(chunk: Chunk, lines: list[Line]) -> None:
    """The first half stays in the chunk, the second becomes a new one; each has to lose one worker more to be cut."""
    middle = len(lines) // 2
    keys = results.half_keys(chunk.batch_id, chunk.index, chunk.fencing)
    first = _half(chunk, keys[0], lines[:middle], len(lines))
    second = _half(chunk, keys[1], lines[middle:], len(lines))
    with transaction.atomic():
        if not leases.held(chunk.pk, chunk.fencing).update(**first):
            return
        last = Chunk.objects.filter(batch=chunk.batch_id).aggregate(last=Max("index"))["last"]
        Chunk.objects.create(batch_id=chunk.batch_id, index=last + 1, **second)
    results.delete(chunk.lines_key)


def _half(chunk: Chunk, key: str, lines: list[Line], of_lines: int) -> dict[str, Any]:
    """Store a half's lines and return the columns that describe it."""
    results.write_lines(key, lines)
    return {
        "state": Chunk.State.READY,
        "lines_key": key,
        "line_count": len(lines),
        "cost_tokens": chunk.cost_tokens * len(lines) // of_lines,
        "lost_leases": leases.MAX_LOST_LEASES - 1,
    }
