"""Who runs which chunk: leases taken and closed by compare-and-set, each under a fencing number of its own.

A chunk is leased at most once at a time. Whoever lost a lease may go on computing, but cannot close the chunk: its
fencing number, or the chunk's state, no longer agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Min, Q, QuerySet

from inference_worker.models import Batch, Chunk

# After this many lost leases a chunk is no longer handed out but cut in two (`poison.py`); a line that stands alone is
# tried once more, since its chunk's earlier losses may have been another line's doing.
MAX_LOST_LEASES = 2
MAX_LOST_LEASES_ALONE = 3
CANDIDATES_PER_OWNER = 16
HANDED_BACK_PAUSE = timedelta(seconds=5)
SERVED_RECENTLY = timedelta(hours=1)


@dataclass(frozen=True)
class Outcome:
    """What an attempt wrote and counted; an empty key means that there was nothing to write."""

    result_key: str = ""
    error_key: str = ""
    completed_lines: int = 0
    failed_lines: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


def claim(
    *,
    owner: str,
    model_ids: Iterable[str],
    now: datetime,
    interactive_only: bool = False,
    shaken_only: bool = False,
) -> Chunk | None:
    """Lease the chunk whose turn it is, of a model that `owner` can run; None when nothing is ready.

    Interactive requests come first, then whoever was served least recently. A shaken chunk has lost a lease before.
    """
    reclaim(now=now)
    ready = _ready(list(model_ids), now)
    ready = ready.filter(batch__lane=Batch.Lane.INTERACTIVE) if interactive_only else ready
    ready = ready.filter(lost_leases__gt=0) if shaken_only else ready
    for chunk in _candidates(ready, now):
        # Somebody else may take it between the look and this update, which then changes nothing.
        if take(chunk, owner=owner, now=now):
            return chunk
    return None


def renew(*, chunk_id: int, fencing: int, now: datetime) -> bool:
    """Extend a lease; False when it is lost, and the work for it is to be thrown away."""
    return held(chunk_id, fencing).update(lease_until=_until(now)) == 1


def complete(*, chunk_id: int, fencing: int, outcome: Outcome, whole: bool) -> bool:
    """Close a chunk with what its attempt wrote; False when the lease is lost, and nothing changed.

    `whole` False says that its batch ended first, and the lines that did not run are in the error file.
    """
    with transaction.atomic():
        state = Chunk.State.DONE if whole else Chunk.State.DROPPED
        if not held(chunk_id, fencing).update(state=state, **vars(outcome)):
            return False
        Batch.objects.filter(chunks=chunk_id).update(
            completed_lines=F("completed_lines") + outcome.completed_lines,
            failed_lines=F("failed_lines") + outcome.failed_lines,
            prompt_tokens=F("prompt_tokens") + outcome.prompt_tokens,
            completion_tokens=F("completion_tokens") + outcome.completion_tokens,
        )
        return True


def release_lease(*, chunk_id: int, fencing: int, now: datetime) -> bool:
    """Hand a chunk back unrun, for whoever claims it in some seconds; False when the lease was lost before.

    The pause keeps a worker that cannot run anything from turning in circles.
    """
    return held(chunk_id, fencing).update(state=Chunk.State.READY, lease_until=now + HANDED_BACK_PAUSE) == 1


def reclaim(*, now: datetime) -> int:
    """Make chunks ready again whose lease ran out; returns how many."""
    expired = Chunk.objects.filter(state=Chunk.State.LEASED, lease_until__lt=now)
    return expired.update(state=Chunk.State.READY, lost_leases=F("lost_leases") + 1)


def has_shaken(*, model_ids: Iterable[str], now: datetime) -> bool:
    """Whether a chunk is ready, or about to be, that has lost a lease."""
    reclaim(now=now)
    return _ready(list(model_ids), now).filter(lost_leases__gt=0).exists()


def suspects() -> QuerySet[Chunk]:
    """Chunks that are not handed out any more because they lost too many leases."""
    return Chunk.objects.filter(state=Chunk.State.READY).exclude(_trusted())


def _trusted() -> Q:
    return Q(lost_leases__lt=MAX_LOST_LEASES) | Q(line_count=1, lost_leases__lt=MAX_LOST_LEASES_ALONE)


def held(chunk_id: int, fencing: int) -> QuerySet[Chunk]:
    """The chunk while this lease of it lasts, else nothing: to be updated, never to be read first."""
    return Chunk.objects.filter(pk=chunk_id, fencing=fencing, state=Chunk.State.LEASED)


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)


def take(chunk: Chunk, *, owner: str, now: datetime) -> bool:
    """Lease a chunk that was seen ready; on success `chunk.fencing` is the number of the lease.

    The number is computed here and not read back: by then it may be that of another worker's lease.
    """
    fencing = chunk.fencing + 1
    seen = Chunk.objects.filter(pk=chunk.pk, state=Chunk.State.READY, fencing=chunk.fencing)
    taken = seen.update(state=Chunk.State.LEASED, owner=owner[:120], fencing=fencing, lease_until=_until(now))
    if taken:
        chunk.fencing = fencing
    return taken == 1


def _ready(model_ids: list[str], now: datetime) -> QuerySet[Chunk]:
    return Chunk.objects.filter(
        _trusted(),
        Q(lease_until=None) | Q(lease_until__lte=now),
        state=Chunk.State.READY,
        batch__state=Batch.State.IN_PROGRESS,
        batch__expires_at__gt=now,
        batch__release__variant__model_id__in=model_ids,
    )


def _candidates(ready: QuerySet[Chunk], now: datetime) -> Iterator[Chunk]:
    """Ready chunks, lane by lane and in each owner by owner, each owner's oldest batch first."""
    waiting = list(ready.values("batch__lane", "batch__owner").annotate(oldest=Min("batch__created_at")).order_by())
    served = _last_served({row["batch__owner"] for row in waiting}, now)
    never = now - SERVED_RECENTLY
    waiting.sort(
        key=lambda row: (
            row["batch__lane"] != Batch.Lane.INTERACTIVE,
            served.get(row["batch__owner"], never),
            row["oldest"],
        )
    )
    for row in waiting:
        own = ready.filter(batch__lane=row["batch__lane"], batch__owner=row["batch__owner"])
        own = own.select_related("batch__owner", "batch__release__variant__family")
        yield from own.order_by("batch__created_at", "index")[:CANDIDATES_PER_OWNER]


def _last_served(owners: set[int], now: datetime) -> dict[int, datetime]:
    """When each owner was served last, as the end of their latest lease tells."""
    recent = Chunk.objects.filter(batch__owner__in=owners, lease_until__gt=now - SERVED_RECENTLY)
    rows = recent.values("batch__owner").annotate(latest=Max("lease_until")).order_by()
    return {row["batch__owner"]: row["latest"] for row in rows}
