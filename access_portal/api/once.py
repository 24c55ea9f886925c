"""The same request sent twice is done once: the answer to an `Idempotency-Key` is kept and given again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.api.models import AnsweredRequest
from access_portal.errors import ConflictError, InvalidError
from access_portal.privacy.section import Due

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT = timedelta(hours=24)


def once(request: HttpRequest, user: User, now: datetime, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of `act`, or the one that the same key got before; a refusal is not kept, and may be tried again.

    Raises ConflictError `idempotency_key_reused` when the key came with another request.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return act()
    if len(key) > LONGEST_KEY or not key.isprintable():
        message = _("An idempotency key has at most 255 characters, all of them printable.")
        raise InvalidError("idempotency_key_unusable", message)
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    try:
        with transaction.atomic():
            kept = AnsweredRequest.objects.create(user=user, key=key, digest=digest, at=now)
            answer = act()
            kept.answer = answer
            kept.save(update_fields=["answer"])
            return answer
    except IntegrityError:
        earlier = AnsweredRequest.objects.filter(user=user, key=key).first()
        if earlier is None:
            raise
    if earlier.digest != digest:
        raise ConflictError(
            "idempotency_key_reused",
            _("This idempotency key came with another request."),
            _("Use a new key for each new request."),
        )
    kept_answer: dict[str, Any] = earlier.answer
    return kept_answer


def forget_due(now: datetime) -> int:
    """Drop answers that nobody will ask for again; returns how many."""
    count, _each = AnsweredRequest.objects.filter(at__lt=now - KEPT).delete()
    return count


def answers_due(now: datetime) -> Due:
    rows = AnsweredRequest.objects.filter(at__lt=now - KEPT).order_by("at", "pk")
    return Due(rows.count(), [f"#{pk}, {at:%Y-%m-%d}" for pk, at in rows.values_list("pk", "at")[:5]])
