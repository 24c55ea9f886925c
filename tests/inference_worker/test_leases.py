"""Who gets a chunk, and who may close it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from access_portal.grants.models import Grant
from inference_worker import leases
from inference_worker.leases import Outcome
from inference_worker.models import Batch, Chunk
from release.models import Release
from tests import factories

from . import jobs

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=61)


@pytest.fixture
def release() -> Release:
    return factories.make_release()


@pytest.fixture
def ada(release: Release) -> Grant:
    return jobs.make_holder(release, "ada")


def batch_of(grant: Grant, release: Release, chunk_count: int = 1, **fields: object) -> Batch:
    return jobs.make_batch(grant, release, [[{}]] * chunk_count, stored=False, now=NOW, **fields)


def claim(release: Release, now: datetime = NOW, owner: str = "w1") -> Chunk | None:
    return leases.claim(owner=owner, model_ids=[release.variant.model_id], now=now)


def taken(release: Release, now: datetime = NOW) -> Chunk:
    chunk = claim(release, now)
    assert chunk is not None
    return chunk


def test_a_claim_leases_the_chunk_for_a_minute_under_a_new_number(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    chunk = taken(release)
    row = Chunk.objects.get()
    assert (row.state, row.owner, row.fencing, row.lease_until) == ("leased", "w1", 1, NOW + timedelta(seconds=60))
    assert chunk.fencing == 1


def test_a_leased_chunk_is_not_handed_out_twice(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    taken(release)
    assert claim(release, owner="w2") is None


def test_a_chunk_of_another_model_is_left_alone(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    assert leases.claim(owner="w1", model_ids=["other-7b"], now=NOW) is None


@pytest.mark.parametrize("state", [s for s in Batch.State.values if s != "in_progress"])
def test_only_batches_in_progress_are_run(release: Release, ada: Grant, state: str) -> None:
    batch_of(ada, release, state=state)
    assert claim(release) is None


def test_a_batch_past_its_window_is_not_run(release: Release, ada: Grant) -> None:
    batch_of(ada, release, expires_at=NOW)
    assert claim(release) is None


def test_a_lease_that_ran_out_is_claimed_again_under_the_next_number(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    taken(release)
    assert claim(release, NOW + timedelta(seconds=59)) is None
    again = taken(release, LATER)
    assert (again.fencing, Chunk.objects.get().lost_leases) == (2, 1)


def test_a_renewed_lease_lasts_a_minute_more(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    chunk = taken(release)
    assert leases.renew(chunk_id=chunk.pk, fencing=1, now=NOW + timedelta(seconds=50))
    assert claim(release, LATER) is None


def complete(chunk: Chunk, fencing: int) -> bool:
    outcome = Outcome(result_key="r", completed_lines=1, prompt_tokens=5, completion_tokens=2)
    return leases.complete(chunk_id=chunk.pk, fencing=fencing, outcome=outcome, whole=True)


def renew(chunk: Chunk, fencing: int) -> bool:
    return leases.renew(chunk_id=chunk.pk, fencing=fencing, now=LATER)


def hand_back(chunk: Chunk, fencing: int) -> bool:
    return leases.release_lease(chunk_id=chunk.pk, fencing=fencing, now=NOW)


# What became of the chunk -> whether the lease with number 1 still counts.
HISTORIES = {
    "leased": True,
    "reclaimed": False,
    "leased_again": False,
    "done": False,
    "dropped": False,
}


@pytest.mark.parametrize("act", [complete, renew, hand_back])
@pytest.mark.parametrize("history", HISTORIES)
def test_only_the_lease_in_force_changes_the_chunk(
    release: Release, ada: Grant, history: str, act: Callable[[Chunk, int], bool]
) -> None:
    batch_of(ada, release)
    chunk = taken(release)
    if history == "reclaimed":
        leases.reclaim(now=LATER)
    elif history == "leased_again":
        taken(release, LATER)
    elif history in ("done", "dropped"):
        Chunk.objects.update(state=history)
    before = Chunk.objects.values().get()
    assert act(chunk, 1) is HISTORIES[history]
    assert (Chunk.objects.values().get() != before) is HISTORIES[history]


def test_completing_adds_to_the_batch_once(release: Release, ada: Grant) -> None:
    batch = batch_of(ada, release)
    chunk = taken(release)
    assert [complete(chunk, 1), complete(chunk, 1)] == [True, False]
    batch.refresh_from_db()
    assert (batch.completed_lines, batch.prompt_tokens, batch.completion_tokens) == (1, 5, 2)


def test_two_who_saw_the_same_chunk_get_it_once(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    first, second = Chunk.objects.get(), Chunk.objects.get()
    assert leases.take(first, owner="w1", now=NOW)
    assert not leases.take(second, owner="w2", now=NOW)
    assert (first.fencing, second.fencing, Chunk.objects.get().owner) == (1, 0, "w1")


def test_whoever_looked_before_a_whole_lease_passed_gets_nothing(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    sleeper = Chunk.objects.get()
    hand_back(taken(release), 1)
    assert not leases.take(sleeper, owner="w2", now=NOW)


def test_a_chunk_that_was_dropped_after_the_look_is_not_taken(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    seen = Chunk.objects.get()
    Chunk.objects.update(state="dropped")
    assert not leases.take(seen, owner="w1", now=NOW)
    assert Chunk.objects.get().state == "dropped"


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_get_each_chunk_once(release: Release, ada: Grant) -> None:
    batch_of(ada, release, 24)

    def work(number: int) -> list[int]:
        try:
            return [chunk.pk for _ in range(6) if (chunk := claim(release, owner=f"w{number}"))]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        got = [pk for pks in pool.map(work, range(4)) for pk in pks]
    assert len(got) == len(set(got)) > 0
    assert Chunk.objects.filter(state="leased", fencing=1).count() == len(got)


def test_interactive_requests_come_before_older_batches(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    quick = batch_of(ada, release, lane="interactive", created_at=NOW + timedelta(seconds=5))
    assert taken(release).batch == quick


def test_a_small_batch_waits_for_one_chunk_of_a_large_one(release: Release, ada: Grant) -> None:
    batch_of(ada, release, 40)
    cy = jobs.make_holder(release, "cy")
    batch_of(cy, release, 3)
    holders = [taken(release, NOW + timedelta(seconds=n)).batch.owner.username for n in range(6)]
    assert holders == ["ada", "cy", "ada", "cy", "ada", "cy"]


def test_a_chunk_that_lost_two_workers_is_handed_out_only_when_it_is_one_line(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    Chunk.objects.update(lost_leases=2, line_count=5)
    assert claim(release) is None
    assert list(leases.suspects()) == [Chunk.objects.get()]
    Chunk.objects.update(line_count=1)
    assert claim(release) is not None


def test_a_chunk_handed_back_is_ready_and_not_suspected(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    assert hand_back(taken(release), 1)
    row = Chunk.objects.get()
    assert (row.state, row.lost_leases) == ("ready", 0)


def test_a_chunk_handed_back_rests_for_some_seconds(release: Release, ada: Grant) -> None:
    batch_of(ada, release)
    hand_back(taken(release), 1)
    assert claim(release, NOW + timedelta(seconds=4)) is None
    assert claim(release, NOW + timedelta(seconds=5)) is not None
