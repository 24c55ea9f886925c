"""An outbox with something in every state, for pages to show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from access_portal.accounts.models import User
from access_portal.outbox import endpoints
from access_portal.outbox.commands import queue_text
from access_portal.outbox.models import MAIL_ATTEMPTS, OutboxMail, WebhookDelivery, WebhookEndpoint

NUMBER = "application:GH-2026-00042"
MAILS: dict[str, dict[str, Any]] = {
    "We have your application GH-2026-00042": {"sent_at": True},
    "Your application GH-2026-00042 is approved": {"cancelled_at": True},
    "Your grant GR-00042 ends in two weeks": {"attempts": 3, "last_error": "SMTPServerDisconnected"},
    "Choose a new password": {"attempts": MAIL_ATTEMPTS, "last_error": "gaierror", "is_sealed": True},
    "A question about your application GH-2026-00042, which has a long subject to see how it breaks": {},
}
DELIVERIES: list[dict[str, Any]] = [
    {"type": "application.submitted", "delivered_at": True, "attempts": 1, "response_status": 204},
    {"type": "application.claimed", "given_up_at": True, "attempts": 10, "last_error": "timeout"},
    {"type": "application.approved", "attempts": 2, "response_status": 503},
    {"type": "grant.given"},
]


def fill_mail(reader: User, now: datetime) -> None:
    """One mail in each state."""
    for subject, state in MAILS.items():
        mail = queue_text(user=reader, to=reader.email, subject=subject, body="Words.", about=NUMBER, now=now)
        OutboxMail.objects.filter(pk=mail.pk).update(**_at(state, now))


def make_webhook(keeper: User, now: datetime) -> WebhookEndpoint:
    """An endpoint with a delivery in each state."""
    url = "https://events.laboratory-of-words.example/gatehouse/incoming"
    endpoint, _secret = endpoints.add_endpoint(
        url=url, wants=["application.*", "grant.*"], actor=keeper, now=now - timedelta(days=4)
    )
    for number, state in enumerate(DELIVERIES):
        WebhookDelivery.objects.create(
            endpoint=endpoint, event_id=f"evt_{number}", subject=NUMBER, payload={}, created_at=now, **_at(state, now)
        )
    return endpoint


def _at(state: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {name: now if name.endswith("_at") else value for name, value in state.items()}
