"""Hints over Celery: that there is work. The database holds the work, so a hint may be lost, late or doubled.

Sent by task name, so that a web process never imports the worker's code.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from access_portal.celery import app

CONTROL_QUEUE = "control"
VALIDATE = "inference_worker.validate_batch"
RUN = "inference_worker.run_chunks"
FINISH = "inference_worker.finish_batch"

log = structlog.get_logger(__name__)


def model_queue(model_id: str) -> str:
    """The queue to which workers that hold this model listen."""
    return f"model.{model_id}"


def validate(batch_id: str) -> None:
    """A batch waits for validation; sent when the transaction around the call is committed."""
    _after_commit(VALIDATE, batch_id, CONTROL_QUEUE)


def wake(model_id: str) -> None:
    """Chunks of this model wait for a worker; sent when the transaction around the call is committed."""
    _after_commit(RUN, model_id, model_queue(model_id))


def finish(batch_id: str) -> None:
    """A batch may be ready to be closed; sent when the transaction around the call is committed."""
    _after_commit(FINISH, batch_id, CONTROL_QUEUE)


def waiting(queue: str) -> int | None:
    """How many hints nobody has taken yet; None when the broker does not answer."""
    try:
        with app.connection_for_read() as connection:
            channel: Any = connection.channel()
            return int(channel.queue_declare(queue).message_count)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("broker_away", queue=queue, error=type(error).__name__)
        return None


def _after_commit(task: str, argument: str, queue: str) -> None:
    transaction.on_commit(lambda: _send(task, argument, queue), robust=True)


def _send(task: str, argument: str, queue: str) -> None:
    """A broker that is away delays the work until the clock process sends the hint again."""
    try:
        app.send_task(task, args=[argument], queue=queue, retry=False, ignore_result=True)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("hint_not_sent", task=task, about=argument, error=type(error).__name__)
