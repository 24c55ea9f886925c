"""What the threads of one process run side by side."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from access_portal.grants.models import Grant
from inference_worker.admission import Admission
from inference_worker.models import Chunk
from release.models import Release
from tests import factories

from . import jobs

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def ada() -> Grant:
    return jobs.make_holder(factories.make_release())


def make(grant: Grant, chunk_count: int, lane: str = "batch") -> None:
    jobs.make_batch(grant, Release.objects.get(), [[{}, {}]] * chunk_count, stored=False, now=NOW, lane=lane)


def claim(admission: Admission, stack: ExitStack) -> Chunk | None:
    return stack.enter_context(admission.claim(owner="w", model_ids=["toy-1m"], now=NOW))


def test_batches_leave_one_thread_to_interactive_requests(ada: Grant) -> None:
    make(ada, 9)
    admission = Admission(places=4)
    with ExitStack() as stack:
        assert [claim(admission, stack) is not None for _ in range(4)] == [True, True, True, False]
        make(ada, 1, lane="interactive")
        urgent = claim(admission, stack)
        assert urgent is not None
        assert urgent.batch.lane == "interactive"


def test_one_thread_runs_batches_too(ada: Grant) -> None:
    make(ada, 1)
    with ExitStack() as stack:
        assert claim(Admission(places=1), stack) is not None


def test_a_chunk_that_lost_a_worker_runs_alone(ada: Grant) -> None:
    make(ada, 3)
    shaken = Chunk.objects.order_by("index")[1]
    admission = Admission(places=4)
    with ExitStack() as others:
        assert claim(admission, others) is not None
        Chunk.objects.filter(pk=shaken.pk).update(lost_leases=1)
        assert claim(admission, others) is None
    with ExitStack() as alone:
        assert claim(admission, alone) == shaken
        assert claim(admission, alone) is None
    Chunk.objects.filter(pk=shaken.pk).update(state="done")
    with ExitStack() as others:
        assert claim(admission, others) is not None


def test_a_place_is_free_again_after_a_failure(ada: Grant) -> None:
    make(ada, 2)
    admission = Admission(places=2)

    def fail() -> None:
        with ExitStack() as stack:
            claim(admission, stack)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with ExitStack() as stack:
        assert claim(admission, stack) is not None
