"""Idempotency keys: a client's promise that two requests with the same key are one.

A key is kept in the transaction that makes its batch, so it stands only for what was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from access_portal.accounts.models import User
from inference_worker.errors import IdempotencyReuseError
from inference_worker.models import Batch, IdempotencyKey


@dataclass(frozen=True)
class Promise:
    """A key, where it was sent, and what came with it."""

    route: str
    key: str
    body_sha256: str


def find(*, owner: User, promise: Promise) -> Batch | None:
    """The batch made for this promise before; raises IdempotencyReuseError when the body was another."""
    kept = IdempotencyKey.objects.filter(owner=owner, route=promise.route, key=promise.key).first()
    if kept is None:
        return None
    if kept.body_sha256 != promise.body_sha256:
        raise IdempotencyReuseError
    return Batch.objects.get(pk=kept.batch_id)


def keep(*, owner: User, promise: Promise, batch: Batch, now: datetime) -> None:
    """Raises IntegrityError when another request with the key was first."""
    IdempotencyKey.objects.create(
        owner=owner, route=promise.route, key=promise.key, body_sha256=promise.body_sha256, batch=batch, created_at=now
    )
