"""Closes batches: results joined, error lines written, the ledger settled, one terminal state.

`advance` may be called at any time, by anybody, twice at once and after a crash at any instruction: objects are written
under fixed names with the same content each time, and the terminal state, the file rows and the settlement are one
transaction that compares and sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from access_portal.audit.commands import record
from inference_worker import ledger, results
from inference_worker.chunking import chunk_key
from inference_worker.models import Batch, Chunk, StoredFile
from inference_worker.stopping import CANCELLED, EXPIRED, Stop
from release.storage import jobs_store

KEPT = {Batch.Lane.BATCH: timedelta(days=30), Batch.Lane.INTERACTIVE: timedelta(days=1)}  # results, in the store
State = Batch.State


@dataclass(frozen=True)
class Ending:
    """How a batch ends: from which state to which, the column that notes when, and what unrun lines are told."""

    source: State
    target: State
    at: str
    unrun: Stop


COMPLETED = Ending(State.FINALIZING, State.COMPLETED, "completed_at", CANCELLED)
CUT_SHORT = Ending(State.IN_PROGRESS, State.EXPIRED, "expired_at", EXPIRED)
EXPIRED_UNVALIDATED = Ending(State.VALIDATING, State.EXPIRED, "expired_at", EXPIRED)
CALLED_OFF = Ending(State.CANCELLING, State.CANCELLED, "cancelled_at", CANCELLED)


@dataclass(frozen=True)
class Joined:
    """A file of results as it lies in the store."""

    key: str
    size_bytes: int
    sha256: str


def advance(batch_id: str, now: datetime) -> bool:
    """Take a batch as far towards its end as it can go now; whether it has reached it, by this call or before."""
    batch = Batch.objects.get(pk=batch_id)
    if not batch.is_terminal:
        ending = _ending(batch, now)
        if ending is None or not _finish(batch, ending, now):
            return False
    return True


def sweep(batch_id: str) -> None:
    """Delete everything of a finished batch but its two files: no copy of a prompt outlives them."""
    batch = Batch.objects.get(pk=batch_id)
    assert batch.is_terminal
    for chunk in batch.chunks.exclude(lines_key=""):
        results.delete(chunk.lines_key, chunk_key(batch_id, chunk.index), *_keys_of_leases(chunk))
        Chunk.objects.filter(pk=chunk.pk).update(lines_key="", result_key="", error_key="")
    results.delete(batch.rejected_key, _unrun_key(batch))
    Batch.objects.filter(pk=batch.pk).update(rejected_key="")


def _keys_of_leases(chunk: Chunk) -> Iterator[str]:
    """All that any lease of this chunk may have written, those included that were lost."""
    for fencing in range(1, chunk.fencing + 1):
        yield from results.attempt_keys(chunk.batch_id, chunk.index, fencing)
        yield from results.half_keys(chunk.batch_id, chunk.index, fencing)


def _ending(batch: Batch, now: datetime) -> Ending | None:
    """The ending that is due, or None while a chunk is open. Chunks that nobody will run any more are dropped here."""
    late = now >= batch.expires_at
    if batch.state == State.CANCELLING or (late and batch.state == State.IN_PROGRESS):
        _drop_ready(batch)
    if batch.chunks.filter(state__in=[Chunk.State.READY, Chunk.State.LEASED]).exists():
        return None
    match batch.state:
        case State.CANCELLING:
            return CALLED_OFF
        case State.VALIDATING:
            return EXPIRED_UNVALIDATED if late else None
        case State.IN_PROGRESS if batch.chunks.filter(state=Chunk.State.DROPPED).exists():
            return CUT_SHORT
        case State.IN_PROGRESS:
            _set_state(batch, State.IN_PROGRESS, State.FINALIZING, finalizing_at=now)
            return COMPLETED
        case _:
            return COMPLETED


def _drop_ready(batch: Batch) -> None:
    batch.chunks.filter(state=Chunk.State.READY).update(state=Chunk.State.DROPPED)


def _set_state(batch: Batch, source: State, target: State, **changes: object) -> bool:
    return Batch.objects.filter(pk=batch.pk, state=source).update(state=target, **changes) == 1


def _finish(batch: Batch, ending: Ending, now: datetime) -> bool:
    chunks = list(batch.chunks.order_by("index"))
    if Batch.objects.get(pk=batch.pk).is_terminal:  # asked after the chunks were read: they may have been swept by then
        return True
    output = _join(f"results/{batch.pk}/output.jsonl", [chunk.result_key for chunk in chunks])
    unrun = [chunk for chunk in chunks if _was_never_run(chunk)]
    error_keys = [batch.rejected_key, *(chunk.error_key for chunk in chunks), _write_unrun(batch, unrun, ending.unrun)]
    errors = _join(f"results/{batch.pk}/error.jsonl", error_keys)
    rejected_lines = results.count_lines(batch.rejected_key) if batch.rejected_key else 0
    unrun_lines = rejected_lines + sum(chunk.line_count for chunk in unrun)
    with transaction.atomic():
        totals = _totals(batch, unrun_lines)
        if not _set_state(batch, ending.source, ending.target, **{ending.at: now}, **totals):
            return Batch.objects.get(pk=batch.pk).is_terminal
        output_file = _file_row(batch, output, f"{batch.pk}_output.jsonl", now)
        error_file = _file_row(batch, errors, f"{batch.pk}_error.jsonl", now)
        Batch.objects.filter(pk=batch.pk).update(output_file=output_file, error_file=error_file)
        ledger.close(batch=batch, used_tokens=totals["prompt_tokens"] + totals["completion_tokens"], now=now)
        record(f"batch:{batch.pk}", f"batch.{ending.target}", actor=None, now=now, data=totals)
    return True


def _was_never_run(chunk: Chunk) -> bool:
    """Dropped without an attempt that closed it: one that did has written a line for each of the chunk's."""
    return chunk.state == Chunk.State.DROPPED and not (chunk.result_key or chunk.error_key)


def _totals(batch: Batch, unrun_lines: int) -> dict[str, int]:
    """The exact counts, from the closed chunks; `unrun_lines` have their error lines elsewhere."""
    names = ("completed_lines", "failed_lines", "prompt_tokens", "completion_tokens")
    sums = batch.chunks.aggregate(**{f"all_{name}": Sum(name, default=0) for name in names})
    totals = {name: int(sums[f"all_{name}"]) for name in names}
    totals["failed_lines"] += unrun_lines
    return totals


def _unrun_key(batch: Batch) -> str:
    return f"results/{batch.pk}/unrun.jsonl"


def _write_unrun(batch: Batch, chunks: list[Chunk], stop: Stop) -> str:
    """Error lines for the lines of chunks that nobody ran, streamed into one object."""
    if not chunks:
        return ""
    lines = results.not_run_lines((chunk.lines_key for chunk in chunks), code=stop.code, message=stop.message)
    jobs_store().put_stream(_unrun_key(batch), lines, results.CONTENT_TYPE)
    return _unrun_key(batch)


def _join(target: str, keys: Iterable[str]) -> Joined | None:
    """One object of many, in order; None when there are none."""
    present = [key for key in keys if key]
    if not present:
        return None
    store = jobs_store()
    store.concatenate(present, target, results.CONTENT_TYPE)
    digest, size = hashlib.sha256(), 0
    for piece in store.stream(target):
        digest.update(piece)
        size += len(piece)
    return Joined(target, size, digest.hexdigest())


def _file_row(batch: Batch, joined: Joined | None, filename: str, now: datetime) -> StoredFile | None:
    if joined is None:
        return None
    return StoredFile.objects.create(
        owner_id=batch.owner_id,
        purpose=StoredFile.Purpose.BATCH_OUTPUT,
        filename=filename,
        size_bytes=joined.size_bytes,
        sha256=joined.sha256,
        storage_key=joined.key,
        listed=batch.lane == Batch.Lane.BATCH,
        created_at=now,
        expires_at=now + KEPT[Batch.Lane(batch.lane)],
    )
