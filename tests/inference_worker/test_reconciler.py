"""Whatever was left lying is picked up again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from access_portal.grants.models import Grant
from inference_worker import hints, leases, poison, reconciler, results
from inference_worker.leases import Outcome
from inference_worker.models import Batch, Chunk, StoredFile
from inference_worker.results import Line
from release.errors import StoreUnavailableError
from release.models import Release
from release.storage import Store, jobs_store
from tests import factories

from . import jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


@pytest.fixture
def release() -> Release:
    return factories.make_release()


@pytest.fixture
def ada(release: Release) -> Grant:
    return jobs.make_holder(release)


@pytest.fixture
def queues(redis_server: redis.Redis) -> redis.Redis:
    redis_server.flushall()
    return redis_server


def batch_of(grant: Grant, release: Release, *sizes: int, **fields: Any) -> Batch:
    return jobs.make_batch(grant, release, [[{}] * size for size in sizes], **fields)


def tick(after: timedelta = timedelta()) -> datetime:
    now = timezone.now() + after
    reconciler.tick(now)
    return now


def claim(now: datetime) -> Chunk | None:
    return leases.claim(owner="w1", model_ids=[Release.objects.get().variant.model_id], now=now)


def test_a_lease_of_a_dead_worker_is_handed_back(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch_of(ada, release, 1)
    claim(timezone.now())
    tick(timedelta(seconds=61))
    assert Chunk.objects.get().state == "ready"


# What waits -> the queue in which a hint of it must be.
@pytest.mark.parametrize(
    ("state", "sizes", "queue"), [("validating", (), "control"), ("in_progress", (1,), "model.toy-1m")]
)
def test_a_lost_hint_is_sent_again_and_only_once(
    release: Release,
    ada: Grant,
    queues: redis.Redis,
    state: str,
    sizes: tuple[int, ...],
    queue: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    batch_of(ada, release, *sizes, state=state)
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            tick()
    assert queues.llen(queue) == 1
    queues.flushall()
    with django_capture_on_commit_callbacks(execute=True):
        tick()
    assert queues.llen(queue) == 1


def test_without_work_no_bell_rings(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch_of(ada, release, state="completed")
    tick()
    assert (queues.llen("control"), hints.waiting("model.toy-1m")) == (0, 0)


def test_a_batch_past_its_window_ends_without_any_worker(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch = batch_of(ada, release, 2)
    tick(timedelta(days=2))
    batch.refresh_from_db()
    assert (batch.state, batch.failed_lines, jobs.charged(batch)) == ("expired", 2, 0)


def test_a_cancelled_batch_ends_without_any_worker(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch = batch_of(ada, release, 2, state="cancelling")
    tick()
    batch.refresh_from_db()
    assert (batch.state, len(jobs.errors(batch))) == ("cancelled", 2)


def test_a_batch_whose_finisher_died_is_finished(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch = batch_of(ada, release, 1)
    Chunk.objects.update(state="done", completed_lines=1)
    tick()
    batch.refresh_from_db()
    assert batch.state == "completed"


def test_a_failure_with_one_batch_does_not_stop_the_others(
    release: Release, ada: Grant, queues: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick, well = (batch_of(ada, release, 1, state="cancelling") for _ in range(2))
    read = Store.read

    def failing(self: Store, key: str) -> bytes:
        if sick.pk in key:
            raise StoreUnavailableError("SlowDown", key=key)
        return read(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "read", failing)
        tick()
    assert {b.pk: b.state for b in Batch.objects.all()} == {sick.pk: "cancelling", well.pk: "cancelled"}
    tick()
    assert Batch.objects.get(pk=sick.pk).state == "cancelled"


def run_with_poison(poison: str, now: datetime) -> None:
    """What a worker does that dies of one line: it never closes a chunk that holds it."""
    while (chunk := claim(now)) is not None:
        lines = results.read_lines(chunk.lines_key)
        if poison in jobs.custom_ids([vars(line) for line in lines]):
            continue
        key, _ = results.attempt_keys(chunk.batch_id, chunk.index, chunk.fencing)
        results.write(key, [results.answered(line, {}) for line in lines])
        outcome = Outcome(result_key=key, completed_lines=len(lines))
        leases.complete(chunk_id=chunk.pk, fencing=chunk.fencing, outcome=outcome, whole=True)


@pytest.mark.parametrize("size", [1, 2, 7, 16])
def test_a_line_that_kills_its_workers_fails_alone(
    release: Release, ada: Grant, queues: redis.Redis, size: int
) -> None:
    batch = batch_of(ada, release, size, 2)
    now = timezone.now()
    for _ in range(12):
        run_with_poison("line-0", now)
        now += timedelta(seconds=61)
        reconciler.tick(now)
    batch.refresh_from_db()
    assert batch.state == "completed"
    assert [(e["custom_id"], e["error"]["code"]) for e in jobs.errors(batch)] == [("line-0", "internal_error")]
    assert sorted(jobs.custom_ids(jobs.output(batch))) == sorted(f"line-{n}" for n in range(1, size + 2))


def test_two_reconcilers_cut_a_chunk_once(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch = batch_of(ada, release, 5)
    Chunk.objects.update(lost_leases=2)
    copies = [Chunk.objects.get() for _ in range(2)]
    for chunk in copies:
        poison.isolate(chunk, timezone.now())
    chunks = batch.chunks.order_by("index")
    assert [(chunk.line_count, chunk.state, chunk.lost_leases) for chunk in chunks] == [
        (2, "ready", 1),
        (3, "ready", 1),
    ]
    lines = [line.custom_id for chunk in chunks for line in results.read_lines(chunk.lines_key)]
    assert lines == [f"line-{n}" for n in range(5)]


def test_a_reconciler_that_was_frozen_while_it_cut_changes_nothing(
    release: Release, ada: Grant, queues: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_of(ada, release, 4)
    Chunk.objects.update(lost_leases=2)
    write = results.write_lines

    def slow(key: str, lines: list[Line]) -> None:
        write(key, lines)
        leases.reclaim(now=timezone.now() + timedelta(hours=1))

    monkeypatch.setattr(results, "write_lines", slow)
    poison.isolate(Chunk.objects.get(), timezone.now())
    row = Chunk.objects.get()
    assert (row.state, row.line_count) == ("ready", 4)
    assert jobs_store().exists(row.lines_key)


def test_nothing_of_a_chunk_that_was_cut_outlives_its_batch(
    release: Release, ada: Grant, queues: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(ada, release, 5)
    original = batch.chunks.get().lines_key
    Chunk.objects.update(lost_leases=2)
    with monkeypatch.context() as patch:  # the process dies between the cut and the tidying up
        patch.setattr(results, "delete", lambda *keys: None)
        poison.isolate(Chunk.objects.get(), timezone.now())
    halves = [chunk.lines_key for chunk in batch.chunks.all()]
    assert all(map(jobs_store().exists, [original, *halves]))
    Batch.objects.update(state="cancelling")
    tick()
    assert not any(map(jobs_store().exists, [original, *halves]))
    assert len(jobs.errors(batch)) == 5


def stored(grant: Grant, **fields: Any) -> StoredFile:
    key = results.write(f"files/{grant.pk}.jsonl", [b"{}\n"])
    return StoredFile.objects.create(
        owner=grant.holder, purpose="batch", filename="a", size_bytes=3, sha256="0" * 64, storage_key=key, **fields
    )


def test_a_file_is_deleted_when_its_time_is_over_and_leaves_a_tombstone(ada: Grant, queues: redis.Redis) -> None:
    file = stored(ada, expires_at=timezone.now() + timedelta(hours=1))
    tick()
    assert jobs_store().exists(file.storage_key)
    now = tick(timedelta(hours=1))
    file.refresh_from_db()
    assert file.deleted_at == now
    assert not jobs_store().exists(file.storage_key)


def test_the_input_of_a_batch_in_progress_outlives_its_time(release: Release, ada: Grant, queues: redis.Redis) -> None:
    file = stored(ada, expires_at=timezone.now())
    batch = batch_of(ada, release, 1, input_file=file)
    tick()
    assert jobs_store().exists(file.storage_key)
    Batch.objects.filter(pk=batch.pk).update(state="cancelled")
    tick()
    assert not jobs_store().exists(file.storage_key)


def test_what_a_finished_batch_leaves_in_the_store_is_swept(release: Release, ada: Grant, queues: redis.Redis) -> None:
    batch = batch_of(ada, release, 2, state="cancelling")
    key = batch.chunks.get().lines_key
    tick()
    assert not jobs_store().exists(key)
    assert len(jobs.errors(batch)) == 2
