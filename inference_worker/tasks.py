"""Celery: an id in, one command out. Imported by workers only, since running chunks needs torch."""

from __future__ import annotations

import os
import socket
import threading

from celery import shared_task
from django.utils import timezone

from inference_worker import admission, finishing, hints, runner, validation
from inference_worker.validating import alone


@shared_task(name=hints.VALIDATE)
def validate_batch(batch_id: str) -> None:
    with alone(batch_id) as free:
        if free:
            validation.validate_batch(batch_id, timezone.now())


@shared_task(name=hints.RUN)
def run_chunks(model_id: str) -> None:
    """One chunk, then the bell again: so control work and other models get their turn between chunks."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with admission.here.claim(owner=owner, model_ids=[model_id], now=timezone.now()) as chunk:
        if chunk is None:
            return
        hints.wake(model_id)  # for another thread or worker, which joins in
        runner.run(chunk)
    hints.wake(model_id)


@shared_task(name=hints.FINISH)
def finish_batch(batch_id: str) -> None:
    finishing.advance(batch_id, timezone.now())
