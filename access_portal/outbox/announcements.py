"""Tells endpoints of events: a delivery for each is written in the transaction of the change itself.

Below `audit/commands.py`, which calls it for every event, so it imports no commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings

from access_portal.audit.models import Event
from access_portal.outbox.event_types import HELD, TAKES_BACK, type_of
from access_portal.outbox.models import OPEN_DELIVERY, WebhookDelivery, WebhookEndpoint

Fact = str | int | bool | None

# What of an event's data leaves the house: ids, numbers, states and times, and nothing that people wrote.
ANNOUNCED = frozenset({
    "state", "was", "version", "round", "grant", "application", "code", "may_reapply", "months", "starts_at", "ends_at",
    "due_at", "token_quota", "release", "commit", "manifest_sha256",
})  # fmt: skip
TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}")


def announce(*, type: str, subject: str, data: Mapping[str, Fact], now: datetime) -> int:
    """Queue one delivery for each endpoint that wants events of this type; returns how many.

    `data` leaves the house as it is: ids, numbers, states and times; never answers, names or addresses.
    """
    spared = _take_back(subject) if type in TAKES_BACK else set()
    ready = WebhookEndpoint.objects.filter(disabled_at=None, deleted_at=None).exclude(pk__in=spared).only("wants")
    return _queue([endpoint for endpoint in ready if endpoint.is_interested_in(type)], type, subject, data, now)


def _take_back(subject: str) -> set[int]:
    """Forget what is held about this subject; returns the endpoints that so never heard of it."""
    held = WebhookDelivery.objects.filter(OPEN_DELIVERY, subject=subject, type__in=HELD, attempts=0)
    # Locked first: a sender that is claiming one just now must either win or find it gone.
    rows = list(held.select_for_update().values_list("pk", "endpoint"))
    WebhookDelivery.objects.filter(pk__in=[pk for pk, _endpoint in rows]).delete()
    return {endpoint for _pk, endpoint in rows}


def announce_to(endpoint: WebhookEndpoint, *, type: str, subject: str, data: Mapping[str, Fact], now: datetime) -> None:
    """Queue one delivery for this endpoint, whatever it wants."""
    _queue([endpoint], type, subject, data, now)


def announce_recorded(event: Event) -> None:
    """Announce an event of the log, if it is about something that is announced."""
    type_ = type_of(event.subject, event.name)
    if type_ is not None:
        number = event.subject.partition(":")[2]
        data = {"number": number, "sequence": event.sequence, **_facts(event)}
        announce(type=type_, subject=event.subject, data=data, now=event.at)


def _queue(endpoints: list[WebhookEndpoint], type_: str, subject: str, data: Mapping[str, Fact], now: datetime) -> int:
    event_id = f"evt_{uuid4().hex}"
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    leaves_at = now + timedelta(seconds=settings.UNDO_SECONDS) if type_ in HELD else now
    payload = {"type": type_, "timestamp": moment, "data": {"subject": subject, **data}}
    rows = (
        WebhookDelivery(
            endpoint=endpoint, event_id=event_id, subject=subject, type=type_, payload=payload, created_at=now,
            next_attempt_at=leaves_at,
        )
        for endpoint in endpoints
    )  # fmt: skip
    return len(WebhookDelivery.objects.bulk_create(rows)) if endpoints else 0


def _facts(event: Event) -> dict[str, Fact]:
    """A word of the list above that holds prose all the same stays here."""
    return {key: value for key, value in event.data.items() if key in ANNOUNCED and _is_plain(value)}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int) or (isinstance(value, str) and bool(TOKEN.fullmatch(value)))
