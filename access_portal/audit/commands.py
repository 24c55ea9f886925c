"""Writing to the event log, and checking that nobody has rewritten it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.outbox.announcements import announce_recorded


def record(subject: str, name: str, *, actor: User | None, now: datetime, data: dict[str, Any] | None = None) -> Event:
    """Append an event to the chain of `subject`; `actor` None is the clock or the operator at the command line.

    Endpoints that want to hear of it are told (`outbox/announcements.py`).

    To be called inside the transaction of the change, so that both are kept or neither. `data` holds text, whole
    numbers, booleans and lists of them: what every database gives back exactly as it was hashed.
    """
    with transaction.atomic():
        _take_turn(subject)
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
        event.save(force_insert=True)
        announce_recorded(event)
    return event


def _take_turn(subject: str) -> None:
    """Writers to one chain go one after another, until each commits; SQLite has only one writer at any time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])


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
    """The first event of a chain that was altered, or whose predecessor is missing; None when it is whole.

    A chain cannot tell that its last events were cut off; what it says of the rest stays true.
    """
    previous_hash = ""
    events = Event.objects.filter(subject=subject).order_by("sequence")
    for place, event in enumerate(events.iterator(), start=1):
        if event.sequence != place or event.previous_hash != previous_hash or event.hash != digest(event):
            return event
        previous_hash = event.hash
    return None
