"""Hints go where a worker listens, after the commit, and never fail whoever sends them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import redis

from inference_worker import hints

SENDERS: list[tuple[Callable[[str], None], str, str]] = [
    (hints.validate, "control", "inference_worker.validate_batch"),
    (hints.finish, "control", "inference_worker.finish_batch"),
    (hints.wake, "model.quill-5m", "inference_worker.run_chunks"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("send", "queue", "task"), SENDERS)
def test_a_hint_is_sent_after_the_commit_to_its_queue(
    redis_server: redis.Redis,
    django_capture_on_commit_callbacks: Any,
    send: Callable[[str], None],
    queue: str,
    task: str,
) -> None:
    redis_server.flushall()
    with django_capture_on_commit_callbacks(execute=True):
        send("quill-5m")
        assert redis_server.llen(queue) == 0
    assert redis_server.llen(queue) == 1
    message: Any = redis_server.lindex(queue, 0)
    assert task.encode() in message
    assert hints.waiting(queue) == 1


def test_a_broker_that_is_away_is_no_error_for_the_sender() -> None:
    code = (
        "import django; django.setup()\n"
        "from inference_worker import hints\n"
        "hints._send(hints.RUN, 'quill-5m', 'model.quill-5m')\n"
        "print('went on, waiting:', hints.waiting('control'))"
    )
    env = {**os.environ, "GATEHOUSE_REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "went on, waiting: None" in done.stdout
    assert "hint_not_sent" in done.stdout + done.stderr
