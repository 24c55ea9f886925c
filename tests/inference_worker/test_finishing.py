"""How batches end: once, exactly counted, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from access_portal.audit.models import Event
from access_portal.grants.models import Grant
from inference_worker import finishing, leases, results
from inference_worker.leases import Outcome
from inference_worker.models import Batch, Chunk, LedgerEntry, QuotaAccount, StoredFile
from inference_worker.results import Line
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


def batch_of(grant: Grant, release: Release, *sizes: int, **fields: Any) -> Batch:
    return jobs.make_batch(grant, release, [[{}] * size for size in sizes], **fields)


def close(chunk: Chunk, *, failing: int = 0, whole: bool = True) -> None:
    """Close a chunk as a worker does that used 3 tokens a line."""
    assert leases.take(chunk, owner="w1", now=timezone.now())
    lines = results.read_lines(chunk.lines_key)
    result_key, error_key = results.attempt_keys(chunk.batch_id, chunk.index, chunk.fencing)
    usage = {"usage": {"total_tokens": 3}}
    done, failed = lines[failing:], lines[:failing]
    outcome = Outcome(
        result_key=results.write(result_key, [results.answered(line, usage) for line in done]),
        error_key=results.write(error_key, [results.not_run(line, code="x", message="x") for line in failed]),
        completed_lines=len(done),
        failed_lines=len(failed),
        prompt_tokens=2 * len(done),
        completion_tokens=len(done),
    )
    assert leases.complete(chunk_id=chunk.pk, fencing=chunk.fencing, outcome=outcome, whole=whole)


def close_all(batch: Batch, **options: Any) -> None:
    for chunk in batch.chunks.order_by("index"):
        close(chunk, **options)


def advance(batch: Batch, after: timedelta = timedelta()) -> bool:
    reached = finishing.advance(batch.pk, timezone.now() + after)
    batch.refresh_from_db()
    return reached


def test_results_are_joined_in_order_and_counted(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 3, 2)
    close_all(batch)
    assert advance(batch)
    assert jobs.custom_ids(jobs.output(batch)) == [f"line-{n}" for n in range(5)]
    assert (batch.state, batch.completed_lines, batch.failed_lines, batch.error_file) == ("completed", 5, 0, None)
    assert (batch.prompt_tokens, batch.completion_tokens, jobs.charged(batch)) == (10, 5, 15)
    assert batch.finalizing_at is not None
    assert batch.completed_at is not None


def test_the_output_file_belongs_to_the_owner_of_the_batch_and_ends_after_30_days(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 1)
    close_all(batch)
    advance(batch)
    file = batch.output_file
    assert file is not None
    assert (file.owner, file.purpose, file.filename) == (ada.holder, "batch_output", f"{batch.pk}_output.jsonl")
    assert (file.expires_at, file.listed) == (file.created_at + timedelta(days=30), True)
    assert file.size_bytes == jobs_store().size(file.storage_key)


def test_the_result_of_an_interactive_request_is_in_no_list_and_kept_for_a_day(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 1, lane="interactive")
    close_all(batch)
    advance(batch)
    file = StoredFile.objects.get(pk=batch.output_file_id)
    assert (file.listed, file.expires_at) == (False, file.created_at + timedelta(days=1))


def test_a_batch_whose_lines_all_failed_has_only_an_error_file(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 2)
    close_all(batch, failing=2)
    advance(batch)
    assert (batch.state, batch.output_file, batch.failed_lines, jobs.charged(batch)) == ("completed", None, 2, 0)
    assert len(jobs.errors(batch)) == 2


def test_lines_refused_in_validation_are_in_the_error_file_once(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 2, total_lines=3, failed_lines=1)
    refused = results.refused(Line("batch_req_z", "bad", {}), status=400, code="c", message="m", param=None)
    batch.rejected_key = results.write(f"rejected/{batch.pk}.jsonl", [refused])
    batch.save()
    close_all(batch, failing=1)
    advance(batch)
    assert jobs.custom_ids(jobs.errors(batch)) == ["bad", "line-0"]
    assert (batch.completed_lines, batch.failed_lines, batch.total_lines) == (1, 2, 3)


def test_a_batch_of_refused_lines_alone_is_completed(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, total_lines=1)
    batch.rejected_key = results.write(f"rejected/{batch.pk}.jsonl", [b'{"custom_id":"bad"}\n'])
    batch.save()
    assert advance(batch)
    assert (batch.state, batch.failed_lines, jobs.charged(batch)) == ("completed", 1, 0)


# State of the batch, states of its two chunks, whether its window is over -> the state after `advance`.
TABLE = [
    ("validating", (), False, "validating"),
    ("validating", (), True, "expired"),
    ("in_progress", ("done", "ready"), False, "in_progress"),
    ("in_progress", ("done", "leased"), False, "in_progress"),
    ("in_progress", ("done", "done"), False, "completed"),
    ("in_progress", ("done", "done"), True, "completed"),
    ("in_progress", ("done", "ready"), True, "expired"),
    ("in_progress", ("done", "leased"), True, "in_progress"),
    ("in_progress", ("done", "stopped"), True, "expired"),
    ("finalizing", ("done", "done"), False, "completed"),
    ("finalizing", ("done", "done"), True, "completed"),
    ("cancelling", (), False, "cancelled"),
    ("cancelling", ("ready", "ready"), False, "cancelled"),
    ("cancelling", ("done", "ready"), True, "cancelled"),
    ("cancelling", ("done", "leased"), False, "cancelling"),
    ("cancelling", ("done", "done"), False, "cancelled"),
    ("failed", (), True, "failed"),
    ("completed", ("done", "done"), True, "completed"),
    ("cancelled", ("done", "done"), True, "cancelled"),
    ("expired", ("done", "done"), True, "expired"),
]


@pytest.mark.parametrize(("state", "chunks", "late", "after"), TABLE)
def test_where_a_batch_goes(
    release: Release, ada: Grant, state: str, chunks: tuple[str, ...], late: bool, after: str
) -> None:
    batch = batch_of(ada, release, *[2] * len(chunks))
    for chunk, wanted in zip(batch.chunks.order_by("index"), chunks, strict=True):
        if wanted in ("done", "stopped"):
            close(chunk, failing=int(wanted == "stopped"), whole=wanted == "done")
        else:
            Chunk.objects.filter(pk=chunk.pk).update(state=wanted)
    Batch.objects.filter(pk=batch.pk).update(state=state)
    reached = advance(batch, timedelta(days=2) if late else timedelta())
    assert (batch.state, reached) == (after, batch.is_terminal)


@pytest.mark.parametrize(
    ("state", "late", "code"), [("cancelling", False, "batch_cancelled"), ("in_progress", True, "batch_expired")]
)
def test_lines_that_nobody_ran_say_why_and_are_not_charged(
    release: Release, ada: Grant, state: str, late: bool, code: str
) -> None:
    batch = batch_of(ada, release, 2, 3)
    close(batch.chunks.get(index=0))
    Batch.objects.filter(pk=batch.pk).update(state=state)
    advance(batch, timedelta(days=2) if late else timedelta())
    assert jobs.custom_ids(jobs.output(batch)) == ["line-0", "line-1"]
    assert [(line["custom_id"], line["error"]["code"]) for line in jobs.errors(batch)] == [
        (f"line-{n}", code) for n in (2, 3, 4)
    ]
    assert (batch.completed_lines, batch.failed_lines, jobs.charged(batch)) == (2, 3, 6)


def account() -> tuple[int, int]:
    row = QuotaAccount.objects.get()
    return row.reserved_tokens, row.settled_tokens


def test_finishing_twice_changes_nothing_more(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 2)
    close_all(batch)
    advance(batch)
    before = Batch.objects.values().get()
    assert advance(batch, timedelta(hours=1))
    assert Batch.objects.values().get() == before
    assert (LedgerEntry.objects.filter(kind="close").count(), account()) == (1, (0, 6))
    assert Event.objects.filter(subject=f"batch:{batch.pk}").count() == 1


class Crash(BaseException):
    """As abrupt as a process that is killed: nothing catches it."""


def crash_at(call: int, patch: pytest.MonkeyPatch) -> None:
    """Let the object store be the last thing that the process touched, at its `call`th use."""
    calls = iter(range(1000))

    def cut(method: Callable[..., Any]) -> Callable[..., Any]:
        def use(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == call:
                raise Crash
            return method(*args, **kwargs)

        return use

    for name in ("read", "stream", "size", "put_bytes", "put_stream", "concatenate"):
        patch.setattr(Store, name, cut(getattr(Store, name)))


@pytest.mark.parametrize("call", range(14))
def test_a_crash_at_any_use_of_the_store_is_repaired_by_running_again(
    release: Release, ada: Grant, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(ada, release, 2, 3)
    close(batch.chunks.get(index=0), failing=1)
    Batch.objects.filter(pk=batch.pk).update(state="cancelling")
    with monkeypatch.context() as patch:
        crash_at(call, patch)
        with pytest.raises(Crash):
            advance(batch)
    assert advance(batch)
    assert jobs.custom_ids(jobs.output(batch)) == ["line-1"]
    assert jobs.custom_ids(jobs.errors(batch)) == ["line-0", "line-2", "line-3", "line-4"]
    assert (batch.state, account()) == ("cancelled", (0, 3))


@pytest.mark.parametrize("step", ["ledger.close", "record", "_file_row"])
def test_a_crash_inside_the_last_transaction_leaves_the_batch_open(
    release: Release, ada: Grant, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise Crash

    batch = batch_of(ada, release, 2)
    close_all(batch)
    with monkeypatch.context() as patch:
        patch.setattr(f"inference_worker.finishing.{step}", crash)
        with pytest.raises(Crash):
            advance(batch)
    batch.refresh_from_db()
    assert (batch.state, StoredFile.objects.filter(purpose="batch_output").count()) == ("finalizing", 0)
    assert advance(batch)
    assert (batch.state, account()) == ("completed", (0, 6))


@pytest.mark.django_db(transaction=True)
def test_many_finishers_at_once_close_a_batch_once(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 2, 2)
    close_all(batch)

    def finish(_: int) -> None:
        try:
            finishing.advance(batch.pk, timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(finish, range(8)))
    batch.refresh_from_db()
    assert (batch.state, account()) == ("completed", (0, 12))
    assert StoredFile.objects.filter(purpose="batch_output").count() == 1
    assert len(jobs.output(batch)) == 4


def test_sweeping_leaves_the_two_files_of_a_finished_batch_and_nothing_else(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 2, 2)
    first, second = batch.chunks.order_by("index")
    stale = results.write(results.attempt_keys(batch.pk, 0, 1)[0], [b"{}\n"])  # by a worker that lost its lease
    Chunk.objects.filter(pk=first.pk).update(fencing=1)
    close(batch.chunks.get(pk=first.pk), failing=1)
    Batch.objects.filter(pk=batch.pk).update(state="cancelling")
    advance(batch)
    finishing.sweep(batch.pk)
    inside = [
        stale,
        first.lines_key,
        second.lines_key,
        *results.attempt_keys(batch.pk, 0, 2),
        f"results/{batch.pk}/unrun.jsonl",
    ]
    assert not any(map(jobs_store().exists, inside))
    assert (len(jobs.output(batch)), len(jobs.errors(batch))) == (1, 3)


def test_a_chunk_that_ran_whole_while_its_batch_was_stopped_is_not_told_again_as_unrun(
    release: Release, ada: Grant
) -> None:
    batch = batch_of(ada, release, 2, 1, state="cancelling")
    close(batch.chunks.get(index=0), whole=False)
    assert advance(batch)
    assert jobs.custom_ids(jobs.output(batch)) == ["line-0", "line-1"]
    assert jobs.custom_ids(jobs.errors(batch)) == ["line-2"]
    assert (batch.completed_lines, batch.failed_lines) == (2, 1)


def test_whoever_wakes_up_while_a_batch_is_being_swept_leaves_its_files_alone(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release, 2, 1)
    close_all(batch)
    stale = Batch.objects.get(pk=batch.pk)
    stale.state = Batch.State.FINALIZING
    assert advance(batch)
    batch.chunks.filter(index=0).update(lines_key="", result_key="")  # a sweep that has come so far
    assert finishing._finish(stale, finishing.COMPLETED, timezone.now())
    assert jobs.custom_ids(jobs.output(batch)) == ["line-0", "line-1", "line-2"]
