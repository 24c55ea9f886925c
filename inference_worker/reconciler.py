"""The clock's job: picks up whatever a lost process or hint left lying. Safe in many copies at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from inference_worker import finishing, hints, leases, poison, results
from inference_worker.models import Batch, Chunk, StoredFile

AT_ONCE = 100  # of each kind in one tick, so that a tick stays short; the next one goes on
ENDED = [Batch.State.COMPLETED, Batch.State.FAILED, Batch.State.CANCELLED, Batch.State.EXPIRED]

log = structlog.get_logger(__name__)


def tick(now: datetime | None = None) -> None:
    """One round. What fails for one batch or file is logged and does not keep the others waiting."""
    at = now or timezone.now()
    leases.reclaim(now=at)
    for chunk in leases.suspects().select_related("batch")[:AT_ONCE]:
        _attempt(poison.isolate, chunk, at)
    for batch_id in _due(at):
        _attempt(finishing.advance, batch_id, at)
    for batch_id in _unswept():
        _attempt(finishing.sweep, batch_id)
    for file in StoredFile.objects.filter(deleted_at=None, expires_at__lte=at)[:AT_ONCE]:
        _attempt(_delete, file, at)
    _ring()


def _attempt(work: Callable[..., object], subject: object, *rest: object) -> None:
    try:
        work(subject, *rest)
    except Exception as error:  # the next tick tries again, and the operator sees it meanwhile
        log.error("reconciler_failed", work=work.__name__, about=str(subject), error=type(error).__name__)


def _due(now: datetime) -> list[str]:
    """Batches whose state can move: called off, out of time, or with every chunk closed."""
    is_open = Chunk.objects.filter(batch=OuterRef("pk"), state__in=[Chunk.State.READY, Chunk.State.LEASED])
    late = Q(state__in=[Batch.State.VALIDATING, Batch.State.IN_PROGRESS], expires_at__lte=now)
    closed = Q(state__in=[Batch.State.IN_PROGRESS, Batch.State.FINALIZING]) & ~Exists(is_open)
    due = Batch.objects.filter(late | closed | Q(state=Batch.State.CANCELLING))
    return list(due.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])


def _unswept() -> list[str]:
    ended = Batch.objects.filter(state__in=ENDED)
    left = Chunk.objects.filter(batch=OuterRef("pk")).exclude(lines_key="")
    return list(ended.filter(Exists(left) | ~Q(rejected_key="")).values_list("pk", flat=True)[:AT_ONCE])


def _delete(file: StoredFile, now: datetime) -> None:
    """The object first: a row that says deleted must be true. An input in use is kept until its batches have ended."""
    if file.batches.exclude(state__in=ENDED).exists():
        return
    results.delete(file.storage_key)
    StoredFile.objects.filter(pk=file.pk, deleted_at=None).update(deleted_at=now)


def _ring() -> None:
    """Send the hints again of which none is waiting; one queue without an answer means that the broker is away."""
    waiting = hints.waiting(hints.CONTROL_QUEUE)
    if waiting is None:
        return
    if waiting == 0:
        for batch_id in Batch.objects.filter(state=Batch.State.VALIDATING).values_list("pk", flat=True)[:AT_ONCE]:
            hints.validate(batch_id)
    for model_id in _models_with_work():
        if hints.waiting(hints.model_queue(model_id)) == 0:
            hints.wake(model_id)


def _models_with_work() -> list[str]:
    ready = Chunk.objects.filter(state=Chunk.State.READY, batch__state=Batch.State.IN_PROGRESS)
    return list(ready.order_by().values_list("batch__release__variant__model_id", flat=True).distinct())
