"""Changes to webhook endpoints by staff; each is on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.names import one_line
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError, NotFoundError
from access_portal.outbox.announcements import announce_to
from access_portal.outbox.destinations import check_url
from access_portal.outbox.event_types import TEST_EVENT, unknown_wishes
from access_portal.outbox.keepers import require_keeper
from access_portal.outbox.models import WebhookDelivery, WebhookEndpoint
from access_portal.outbox.sealing import seal
from access_portal.outbox.signing import new_secret

MOST_ENDPOINTS = 20  # each of them costs something at every event
OLD_SECRET_LASTS = timedelta(hours=24)


def add_endpoint(*, url: str, wants: Sequence[str], actor: User, now: datetime) -> tuple[WebhookEndpoint, str]:
    """Tell an address of events from now on; also returns its secret, which is shown this once.

    Raises InvalidError `webhook_url` or `webhook_wants`, ConflictError `too_many_webhooks` or `webhook_exists`.
    """
    require_keeper(actor, now)
    address, wishes = check_url(url), _wishes(wants)
    secret = new_secret()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)  # a form sent twice makes one endpoint
        _check_room(address)
        endpoint = WebhookEndpoint.objects.create(
            url=address, wants=wishes, sealed_secret=seal(secret), created_by=actor, created_at=now
        )
        _record(endpoint, "webhook_added", actor, now, wants=wishes)
    return endpoint, secret


def rotate_secret(*, endpoint_id: int, actor: User, now: datetime) -> str:
    """Make and return a new secret; for 24 hours the old one signs as well, so that nothing is lost meanwhile."""
    secret = new_secret()
    with transaction.atomic():
        endpoint = _locked(endpoint_id, actor, now)
        endpoint.sealed_old_secret, endpoint.old_secret_until = endpoint.sealed_secret, now + OLD_SECRET_LASTS
        endpoint.sealed_secret = seal(secret)
        endpoint.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
        _record(endpoint, "webhook_secret_rotated", actor, now)
    return secret


def disable(*, endpoint_id: int, reason: str, actor: User, now: datetime) -> None:
    """Announce nothing more and keep what waits; nothing happens when it is disabled already."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id, actor, now)
        if endpoint.disabled_at is None:
            endpoint.disabled_at, endpoint.disabled_reason = now, one_line(reason)[:200]
            endpoint.save(update_fields=["disabled_at", "disabled_reason"])
            _record(endpoint, "webhook_disabled", actor, now)


def enable(*, endpoint_id: int, actor: User, now: datetime) -> None:
    """Announce again; what waited leaves. Nothing happens when it is enabled already."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id, actor, now)
        if endpoint.disabled_at is not None:
            endpoint.disabled_at, endpoint.disabled_reason = None, ""
            endpoint.save(update_fields=["disabled_at", "disabled_reason"])
            _record(endpoint, "webhook_enabled", actor, now)


def delete(*, endpoint_id: int, actor: User, now: datetime) -> None:
    """Disable for ever and forget the secrets; what was delivered stays on record, what waits is given up."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id, actor, now)
        endpoint.deleted_at = now
        endpoint.sealed_secret = endpoint.sealed_old_secret = ""
        endpoint.save(update_fields=["deleted_at", "sealed_secret", "sealed_old_secret"])
        endpoint.deliveries.filter(delivered_at=None, given_up_at=None).update(given_up_at=now)
        _record(endpoint, "webhook_deleted", actor, now)


def send_test(*, endpoint_id: int, actor: User, now: datetime) -> None:
    """Queue an event that means nothing. Raises ConflictError `webhook_disabled`, since it would only wait."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id, actor, now)
        _check_enabled(endpoint)
        subject = f"webhook:{endpoint.pk}"
        announce_to(endpoint, type=TEST_EVENT, subject=subject, data={"number": str(endpoint.pk)}, now=now)
        _record(endpoint, "webhook_tested", actor, now)


def resend(*, endpoint_id: int, delivery_id: int, actor: User, now: datetime) -> None:
    """Send an event again under the same id, whether it arrived or was given up.

    Raises ConflictError `delivery_waits` for one that will leave by itself, and `webhook_disabled`.
    """
    with transaction.atomic():
        endpoint = _locked(endpoint_id, actor, now)
        _check_enabled(endpoint)
        delivery = endpoint.deliveries.select_for_update().filter(pk=delivery_id).first()
        if delivery is None:
            raise NotFoundError("delivery_not_found", _("There is no such delivery."))
        if delivery.delivered_at is None and delivery.given_up_at is None:
            raise ConflictError(
                "delivery_waits", _("This event is not through yet."), _("It is sent by itself; wait for it.")
            )
        _begin_anew(delivery, now)
        _record(endpoint, "webhook_resent", actor, now, delivery=delivery.pk)


def _begin_anew(delivery: WebhookDelivery, now: datetime) -> None:
    delivery.delivered_at = delivery.given_up_at = delivery.response_status = None
    delivery.attempts, delivery.next_attempt_at, delivery.last_error = 0, now, ""
    delivery.save(
        update_fields=[
            "delivered_at", "given_up_at", "response_status", "attempts", "next_attempt_at", "last_error",
        ]
    )  # fmt: skip


def _locked(endpoint_id: int, actor: User, now: datetime) -> WebhookEndpoint:
    require_keeper(actor, now)
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id, deleted_at=None).first()
    if endpoint is None:
        raise NotFoundError("webhook_not_found", _("There is no such webhook, or it was deleted."))
    return endpoint


def _check_enabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_enabled:
        raise ConflictError("webhook_disabled", _("This webhook is disabled."), _("Enable it first."))


def _check_room(url: str) -> None:
    living = WebhookEndpoint.objects.filter(deleted_at=None)
    if living.filter(url=url).exists():
        raise ConflictError(
            "webhook_exists", _("There is a webhook for this address already."), _("Change that one, or delete it.")
        )
    if living.count() >= MOST_ENDPOINTS:
        raise ConflictError(
            "too_many_webhooks",
            _("There are %(count)d webhooks, and no more can be added.") % {"count": MOST_ENDPOINTS},
            _("Delete one that nobody needs."),
        )


def _wishes(wants: Sequence[str]) -> list[str]:
    wishes = sorted(set(wants))
    unknown = unknown_wishes(wishes)
    if unknown or not wishes:
        raise InvalidError(
            "webhook_wants",
            _("Name at least one event, and only such as there are.")
            + (" " + _("Unknown: %(names)s") % {"names": ", ".join(unknown)[:200] + "."} if unknown else ""),
            field="wants",
        )
    return wishes


def _record(endpoint: WebhookEndpoint, name: str, actor: User, now: datetime, **data: Any) -> None:
    record(f"webhook:{endpoint.pk}", name, actor=actor, now=now, data=data)
