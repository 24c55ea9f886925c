"""Real worker processes on a real queue: killed, flushed, revoked, cancelled, told to stop."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from access_portal.grants.models import Grant
from inference_worker import hints, interactive, reconciler
from inference_worker.commands import BatchOrder, Upload, create_batch, store_file
from inference_worker.models import Batch, Chunk, QuotaAccount
from release.models import Release

from . import jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]

ROOT = Path(__file__).resolve().parents[2]
DEMO_MODEL = ROOT / "demo" / "model" / "weights"


def database_url() -> str:
    """The test database, as another process reaches it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["GATEHOUSE_DATABASE_URL"])._replace(path=f"/{name}").geturl()


class Workers:
    """Starts worker processes with short leases and plays the clock meanwhile."""

    def __init__(self, log: Path, release: Release) -> None:
        self.log, self.release = log, release
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        env = {
            **os.environ,
            "GATEHOUSE_DATABASE_URL": database_url(),
            "GATEHOUSE_LEASE_SECONDS": "2",
            "GATEHOUSE_HEARTBEAT_SECONDS": "1",
            "OMP_NUM_THREADS": "1",
        }
        command = [
            sys.executable,
            "manage.py",
            "worker",
            "--models",
            self.release.variant.model_id,
            "--concurrency",
            "4",
        ]
        with self.log.open("ab") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        self.processes.append(process)
        return process

    def until(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        """Tick until something is so; raises when it does not become so, or no worker is left."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not in {seconds} s:\n{self.log.read_text()}"
            assert any(p.poll() is None for p in self.processes), f"no worker is left:\n{self.log.read_text()}"
            reconciler.tick()
            time.sleep(0.1)


@pytest.fixture
def release(tiny_model: Path, s3_server: str, redis_server: redis.Redis) -> Release:
    """The demonstration's model where it is, since it runs at a human pace; else the tiny one."""
    redis_server.flushall()
    return jobs.publish(DEMO_MODEL if (DEMO_MODEL / "consolidated.00.pth").exists() else tiny_model)


@pytest.fixture
def workers(release: Release, tmp_path: Path) -> Iterator[Workers]:
    running = Workers(tmp_path / "workers.log", release)
    yield running
    for process in running.processes:
        process.kill()
        process.wait()


@pytest.fixture
def batch(release: Release) -> Batch:
    """30 lines in 10 chunks, long enough to be interrupted, and the hint that they are there."""
    grant = jobs.make_holder(release)
    bodies = [jobs.body(release, f"It was {n}", max_tokens=120, temperature=1, seed=n) for n in range(30)]
    made = jobs.make_batch(grant, release, [bodies[n : n + 3] for n in range(0, 30, 3)])
    hints.wake(release.variant.model_id)
    return made


def has_begun(batch: Batch) -> bool:
    return Chunk.objects.filter(batch=batch, state="done").exists()


def has_ended(batch: Batch) -> bool:
    return Batch.objects.get(pk=batch.pk).is_terminal


def in_the_middle(batch: Batch) -> bool:
    """Some lines are done, some are not, and a worker is at it."""
    return has_begun(batch) and Chunk.objects.filter(batch=batch, state="leased").exists()


def assert_exact(batch: Batch, state: str) -> None:
    """Every line is in exactly one file, and what is charged is what the output file says."""
    batch.refresh_from_db()
    output, errors = jobs.output(batch), jobs.errors(batch)
    assert batch.state == state
    assert sorted(jobs.custom_ids(output) + jobs.custom_ids(errors)) == sorted(f"line-{n}" for n in range(30))
    assert (batch.completed_lines, batch.failed_lines) == (len(output), len(errors))
    account = QuotaAccount.objects.get()
    assert (account.reserved_tokens, account.settled_tokens) == (0, jobs.used(output))
    assert jobs.charged(batch) == jobs.used(output) == batch.prompt_tokens + batch.completion_tokens


def test_a_submitted_file_comes_back_as_results(release: Release, workers: Workers, tmp_path: Path) -> None:
    grant = jobs.make_holder(release)
    orders = [
        {
            "custom_id": f"line-{n}",
            "method": "POST",
            "url": "/v1/completions",
            "body": jobs.body(release, f"It was {n}"),
        }
        for n in range(30)
    ]
    orders[7]["body"] = jobs.body(release, top_p=9)
    data = b"".join(json.dumps(order).encode() + b"\n" for order in orders)
    (tmp_path / "in.jsonl").write_bytes(data)
    now = timezone.now()
    upload = Upload(tmp_path / "in.jsonl", "in.jsonl", len(data), hashlib.sha256(data).hexdigest())
    stored = store_file(actor=grant.holder, upload=upload, lifetime=None, now=now)
    order = BatchOrder(stored.pk, "/v1/completions", "24h", None)
    batch, _ = create_batch(actor=grant.holder, order=order, promise=None, now=now)
    workers.start()
    workers.until(lambda: has_ended(batch))
    assert_exact(batch, "completed")
    [error] = jobs.errors(batch)
    assert (error["custom_id"], error["response"]["status_code"]) == ("line-7", 400)


def test_somebody_who_waits_is_answered_before_a_batch_is_done(batch: Batch, workers: Workers) -> None:
    workers.start()
    workers.until(lambda: in_the_middle(batch))
    asked = jobs.body(workers.release, "It was 3", max_tokens=5, seed=3, temperature=1)
    started = interactive.start(actor=batch.owner, body=asked, promise=None, now=timezone.now())
    workers.until(lambda: interactive.is_over(started.batch.pk))
    assert not has_ended(batch)
    answer = interactive.answer(started.batch.pk)
    assert (answer.status, answer.body["usage"]["completion_tokens"]) == (200, 5)


def test_a_killed_worker_loses_nothing(batch: Batch, workers: Workers) -> None:
    first = workers.start()
    workers.until(lambda: in_the_middle(batch))
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not has_ended(batch)
    workers.start()
    workers.until(lambda: has_ended(batch))
    assert_exact(batch, "completed")
    assert (batch.completed_lines, batch.failed_lines) == (30, 0)
    assert Chunk.objects.filter(lost_leases__gt=0).exists()


def test_a_flushed_queue_loses_nothing(batch: Batch, workers: Workers, redis_server: redis.Redis) -> None:
    workers.start()
    workers.until(lambda: in_the_middle(batch))
    redis_server.flushall()
    workers.until(lambda: has_ended(batch))
    assert_exact(batch, "completed")


def test_a_revoked_grant_stops_a_batch_in_the_middle(batch: Batch, workers: Workers) -> None:
    workers.start()
    workers.until(lambda: in_the_middle(batch))
    Grant.objects.update(state="revoked", state_reason="Shared the weights.")
    workers.until(lambda: has_ended(batch))
    assert_exact(batch, "completed")
    assert {line["error"]["code"] for line in jobs.errors(batch)} == {"grant_revoked"}


def test_a_cancelled_batch_bills_what_ran_and_no_more(batch: Batch, workers: Workers) -> None:
    workers.start()
    workers.until(lambda: in_the_middle(batch))
    Batch.objects.filter(pk=batch.pk).update(state="cancelling", cancelling_at=timezone.now())
    workers.until(lambda: has_ended(batch))
    assert_exact(batch, "cancelled")
    assert {line["error"]["code"] for line in jobs.errors(batch)} == {"batch_cancelled"}


def test_a_worker_told_to_stop_leaves_no_lease_behind(batch: Batch, workers: Workers) -> None:
    process = workers.start()
    workers.until(lambda: in_the_middle(batch))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, workers.log.read_text()
    assert not Chunk.objects.filter(state="leased").exists()
    assert not Chunk.objects.exclude(lost_leases=0).exists()
    assert "Traceback" not in workers.log.read_text()


def test_a_worker_says_what_it_runs(workers: Workers, release: Release) -> None:
    workers.start()
    workers.until(lambda: "Worker ready" in workers.log.read_text())
    assert f"Worker ready: 4 chunks at once, models: {release.variant.model_id}\n" in workers.log.read_text()


BAD_ARGUMENTS = [
    (("--models", "gpt-9"), r"No such model: gpt-9\. Known are: toy-1m\."),
    (("--models", "toy-1m,gpt-9"), r"No such model: gpt-9\."),
    (("--models", ""), "none named"),
    (("--concurrency", "0"), "from 1 to 64"),
    (("--concurrency", "many"), "from 1 to 64"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS)
def test_bad_arguments_are_answered_with_a_sentence(release: Release, arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("worker", *arguments)
