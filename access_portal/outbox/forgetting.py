"""What of mail and webhooks is forgotten: texts after a year, deliveries after three months, copies with their case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from access_portal.accounts.pseudonyms import DOMAIN
from access_portal.outbox.models import MAIL_ATTEMPTS, OutboxMail, WebhookDelivery
from access_portal.privacy.section import Due

TEXTS_FOR = timedelta(days=365)
DELIVERIES_FOR = timedelta(days=90)
SLICE = 1000  # rows of one run; the next run takes the next ones
FORGOTTEN = "–"  # in the place of a subject
NOBODY = f"forgotten@{DOMAIN}"  # in the place of an address
EMPTY = Q(body="", sealed_body="")
WAITING = Q(sent_at=None, cancelled_at=None)
IN_HAND = WAITING & Q(attempts__gt=0, last_error="")  # a sender has taken it up; it is let finish


def texts_due(now: datetime) -> Due:
    rows = _old_texts(now)
    return Due(rows.count(), [f"#{pk}, {at:%Y-%m-%d}" for pk, at in rows.values_list("pk", "created_at")[:5]])


def forget_texts_due(now: datetime) -> int:
    """Empty the texts of old mails; that there was one, to whom and about what, stays. Returns how many."""
    keys = list(_old_texts(now).values_list("pk", flat=True)[:SLICE])
    return OutboxMail.objects.filter(pk__in=keys).update(body="", sealed_body="")


def deliveries_due(now: datetime) -> Due:
    rows = _old_deliveries(now)
    return Due(rows.count(), [f"#{pk}, {at:%Y-%m-%d}" for pk, at in rows.values_list("pk", "created_at")[:5]])


def forget_deliveries_due(now: datetime) -> int:
    """Delete what was delivered, or given up, long ago; returns how many."""
    keys = list(_old_deliveries(now).values_list("pk", flat=True)[:SLICE])
    return WebhookDelivery.objects.filter(pk__in=keys).delete()[0]


def forget_mails_about(subjects: Collection[str], now: datetime) -> int:
    """Empty every mail about these, to whomever it went, and call off those that wait; returns how many."""
    return forget_mails(OutboxMail.objects.filter(about__in=subjects), now)


def forget_mails(rows: QuerySet[OutboxMail], now: datetime) -> int:
    """Empty these mails; whoever has no account is no longer named as their receiver either. Returns how many."""
    keys = list(rows.order_by().values_list("pk", flat=True))  # what they are found by is about to go
    return sum(_forget(keys[start : start + SLICE], now) for start in range(0, len(keys), SLICE))


def _forget(keys: list[int], now: datetime) -> int:
    mails = OutboxMail.objects.filter(pk__in=keys)
    mails.filter(IN_HAND).update(attempts=MAIL_ATTEMPTS)  # nobody sends what is empty, should this sender fail
    mails.filter(WAITING).exclude(IN_HAND).update(cancelled_at=now)
    mails.filter(user=None).update(to=NOBODY)
    return mails.update(body="", sealed_body="", subject=FORGOTTEN)


def _old_texts(now: datetime) -> QuerySet[OutboxMail]:
    over = Q(sent_at__isnull=False) | Q(cancelled_at__isnull=False) | Q(attempts__gte=MAIL_ATTEMPTS)
    return OutboxMail.objects.filter(over, created_at__lte=now - TEXTS_FOR).exclude(EMPTY).order_by("created_at", "pk")


def _old_deliveries(now: datetime) -> QuerySet[WebhookDelivery]:
    over = Q(delivered_at__lte=now - DELIVERIES_FOR) | Q(given_up_at__lte=now - DELIVERIES_FOR)
    return WebhookDelivery.objects.filter(over).order_by("pk")
