"""Tasks: an id in, one command out, under names that web processes know too."""

from __future__ import annotations

import ast
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from access_portal.celery import app
from inference_worker import hints, tasks
from inference_worker.models import Batch, Chunk
from inference_worker.validating import alone
from release.models import Release

from . import jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


@pytest.mark.parametrize("name", [hints.VALIDATE, hints.RUN, hints.FINISH])
def test_a_task_is_registered_under_the_name_that_is_sent(name: str) -> None:
    assert app.tasks[name].name == name


def test_tasks_stay_short() -> None:
    functions = [node for node in ast.parse(inspect.getsource(tasks)).body if isinstance(node, ast.FunctionDef)]
    assert {f.name for f in functions} == {"validate_batch", "run_chunks", "finish_batch"}
    assert all((f.end_lineno or 0) - f.lineno < 15 for f in functions)


def test_a_hint_runs_one_chunk_and_rings_for_the_next(
    tiny_release: Release, redis_server: redis.Redis, django_capture_on_commit_callbacks: Any
) -> None:
    redis_server.flushall()
    grant = jobs.make_holder(tiny_release)
    jobs.make_batch(grant, tiny_release, [[jobs.body(tiny_release)], [jobs.body(tiny_release)]])
    with django_capture_on_commit_callbacks(execute=True):
        tasks.run_chunks(tiny_release.variant.model_id)
    assert sorted(Chunk.objects.values_list("state", flat=True)) == ["done", "ready"]
    assert redis_server.llen("model.toy-1m") == 2


def test_a_hint_without_work_ends_the_ringing(
    tiny_release: Release, redis_server: redis.Redis, django_capture_on_commit_callbacks: Any
) -> None:
    redis_server.flushall()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.run_chunks(tiny_release.variant.model_id)
    assert redis_server.llen("model.toy-1m") == 0


def test_a_hint_to_finish_closes_a_cancelled_batch(tiny_release: Release) -> None:
    batch = jobs.make_batch(jobs.make_holder(tiny_release), tiny_release, [[{}]], state="cancelling")
    tasks.finish_batch(batch.pk)
    assert Batch.objects.get(pk=batch.pk).state == "cancelled"


def test_one_batch_is_validated_by_one_thread_of_a_process() -> None:
    with alone("batch_a") as first, ThreadPoolExecutor(1) as pool:

        def other(batch_id: str) -> bool:
            with alone(batch_id) as free:
                return free

        assert (first, pool.submit(other, "batch_a").result(), pool.submit(other, "batch_b").result()) == (
            True,
            False,
            True,
        )
    with alone("batch_a") as again:
        assert again
