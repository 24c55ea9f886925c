"""Webhooks leave: in order for each subject, again and again until they arrive or three days have passed.

A delivery that was made but not marked, because the process died between, is made again under the same id.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from access_portal.audit.commands import record
from access_portal.outbox.commands import queue_mail
from access_portal.outbox.models import OPEN_DELIVERY, WebhookDelivery, WebhookEndpoint
from access_portal.outbox.posting import Answer, Failure, Post, post_all
from access_portal.outbox.sealing import SecretUnreadableError, unseal
from access_portal.outbox.signing import headers

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 32  # in one run
MOST_OF_ONE = 8  # endpoint: one that hangs leaves room for the others
CLAIM = timedelta(minutes=5)  # more than a run of requests that all time out
WAITS = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
GONE = 410  # the receiver's word for: never again


def deliver_webhooks_due(now: datetime | None = None) -> int:
    """Send what is due and return how many arrived; safe to run in many processes at once."""
    moment = now or timezone.now()
    mine = [delivery for delivery in _due(moment) if _claim(delivery, moment)]
    signed = [(delivery, _signed(delivery, moment)) for delivery in mine]
    posts = [(delivery, post) for delivery, post in signed if post is not None]
    answers = post_all([post for _of, post in posts])
    for delivery, post in signed:
        if post is None:
            _settle(delivery, Answer(failure=Failure.SECRET_UNREADABLE), moment)
    return sum(_settle(delivery, answer, moment) for (delivery, _sent), answer in zip(posts, answers, strict=True))


def _due(now: datetime) -> QuerySet[WebhookDelivery]:
    """The foremost delivery of each subject to each endpoint, if its time has come."""
    before = WebhookDelivery.objects.filter(
        OPEN_DELIVERY, endpoint=OuterRef("endpoint"), subject=OuterRef("subject"), pk__lt=OuterRef("pk")
    )
    foremost = WebhookDelivery.objects.filter(
        OPEN_DELIVERY, ~Exists(before), next_attempt_at__lte=now, endpoint__disabled_at=None, endpoint__deleted_at=None
    )
    order = ("next_attempt_at", "pk")
    place = Window(RowNumber(), partition_by=F("endpoint"), order_by=order)
    rows = foremost.annotate(place=place).filter(place__lte=MOST_OF_ONE)
    return rows.select_related("endpoint__created_by").order_by(*order)[:MOST_AT_ONCE]


def _claim(delivery: WebhookDelivery, now: datetime) -> bool:
    """Nothing is updated when another process claimed the delivery first."""
    free = WebhookDelivery.objects.filter(
        OPEN_DELIVERY, pk=delivery.pk, attempts=delivery.attempts, next_attempt_at__lte=now
    )
    claimed = free.update(attempts=F("attempts") + 1, next_attempt_at=now + CLAIM)
    delivery.attempts += claimed
    return bool(claimed)


def _signed(delivery: WebhookDelivery, now: datetime) -> Post | None:
    """None where the secret cannot be read; the text is the same at each attempt."""
    endpoint = delivery.endpoint
    body = json.dumps(delivery.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        secrets = [unseal(endpoint.sealed_secret)]
        if endpoint.has_old_secret(now):
            secrets.append(unseal(endpoint.sealed_old_secret))
    except SecretUnreadableError:
        return None
    return Post(endpoint.url, headers(secrets, delivery.event_id, int(now.timestamp()), body), body)


def _settle(delivery: WebhookDelivery, answer: Answer, now: datetime) -> bool:
    """Write down what came back; returns whether the event arrived."""
    delivery.response_status, delivery.last_error = answer.status, answer.failure
    with transaction.atomic():
        if answer.is_success:
            _arrived(delivery)
        else:
            _failed(delivery, answer, now)
    return answer.is_success


def _arrived(delivery: WebhookDelivery) -> None:
    arrived_at = timezone.now()
    WebhookDelivery.objects.filter(OPEN_DELIVERY, pk=delivery.pk).update(
        delivered_at=arrived_at, response_status=delivery.response_status, last_error=""
    )
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(last_delivered_at=arrived_at, owner_told_at=None)


def _failed(delivery: WebhookDelivery, answer: Answer, now: datetime) -> None:
    log.warning(
        "webhook_failed", delivery_id=delivery.pk, endpoint_id=delivery.endpoint_id, attempts=delivery.attempts,
        status=answer.status, failure=answer.failure,
    )  # fmt: skip
    is_last = answer.status == GONE or delivery.attempts > len(WAITS)
    wait = WAITS[min(delivery.attempts, len(WAITS)) - 1]
    # A sender that was so slow that another took over has no say any more.
    mine = WebhookDelivery.objects.filter(OPEN_DELIVERY, pk=delivery.pk, attempts=delivery.attempts)
    changed = mine.update(
        response_status=answer.status, last_error=answer.failure, next_attempt_at=now + wait,
        given_up_at=now if is_last else None,
    )  # fmt: skip
    if changed and answer.status == GONE:
        _disable(delivery.endpoint, now)
    elif changed and is_last:
        _tell_once(delivery.endpoint, now)


def _disable(endpoint: WebhookEndpoint, now: datetime) -> None:
    reason = _("The receiver answered 410: it wants no more events.")
    living = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None, deleted_at=None)
    if living.update(disabled_at=now, disabled_reason=reason):
        record(f"webhook:{endpoint.pk}", "webhook_disabled", actor=None, now=now, data={"status": GONE})
        _tell("webhook_disabled", endpoint, now)


def _tell_once(endpoint: WebhookEndpoint, now: datetime) -> None:
    """One mail until something arrives again, however many events are given up meanwhile."""
    untold = WebhookEndpoint.objects.filter(pk=endpoint.pk, owner_told_at=None, deleted_at=None)
    if untold.update(owner_told_at=now):
        _tell("webhook_given_up", endpoint, now)


def _tell(template: str, endpoint: WebhookEndpoint, now: datetime) -> None:
    path = reverse("webhook", args=[endpoint.pk])
    queue_mail(
        template=template,
        context={"host": urlsplit(endpoint.url).hostname, "path": path},
        user=endpoint.created_by,
        now=now,
        about=f"webhook:{endpoint.pk}",
    )
