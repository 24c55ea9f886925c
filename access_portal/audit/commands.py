"""Writing to the event log, and checking that nobody has rewritten it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.audit.models import Event


def record(subject: str, name: str, *, actor: User | None, now: datetime, data: dict[str, Any] | None = None) -> Event:
    """Append an event to the chain of `subject`; `actor` None is the clock.

    To be called inside the transaction of the change, whose lock on the subject's row orders the chain; two
    writers that race without one meet the unique constraint, and the second fails.
    """
    last = Event.objects.filter(subject=subject).order_by("-sequence").first()
    event = Event(
        subject=subject,
        sequence=1 if last is None else last.sequence + 1,
        name=name,
        actor=actor,
        at=now,
        data=data or {},
        previous_hash="" if last is None else last.hash,
    )
    event.hash = digest(event)
    with transaction.atomic():
        event.save(force_insert=True)
    return event


def digest(event: Event) -> str:
    """SHA-256 over all that the event says and the hash of the one before it."""
    content = [
        event.subject,
        event.sequence,
        event.name,
        event.actor_id,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.data,
        event.previous_hash,
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def first_broken(subject: str) -> Event | None:
    """The first event of a chain that was altered, or whose predecessor is missing; None when it is whole."""
    previous_hash = ""
    for place, event in enumerate(Event.objects.filter(subject=subject).order_by("sequence"), start=1):
        if event.sequence != place or event.previous_hash != previous_hash or event.hash != digest(event):
            return event
        previous_hash = event.hash
    return None
