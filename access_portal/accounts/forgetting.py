"""Accounts that somebody began and never confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from access_portal.accounts.models import User
from access_portal.accounts.pseudonyms import DOMAIN
from access_portal.audit.models import Event
from access_portal.outbox.models import OutboxMail
from access_portal.privacy.section import Due

UNCONFIRMED_FOR = timedelta(days=30)
SLICE = 200  # accounts of one run; the next run takes the next ones


def unconfirmed_due(now: datetime) -> Due:
    rows = _unconfirmed(now)
    found = rows.values_list("pk", "date_joined")[:5]
    return Due(rows.count(), [f"#{pk}, {joined:%Y-%m-%d}" for pk, joined in found])


def forget_unconfirmed_due(now: datetime) -> int:
    """Delete them with the mails that asked for the confirmation; returns how many. What hangs on one saves it."""
    return sum(_forget(key, now) for key in _unconfirmed(now).values_list("pk", flat=True)[:SLICE])


def _unconfirmed(now: datetime) -> QuerySet[User]:
    old = User.objects.filter(date_joined__lte=now - UNCONFIRMED_FOR, last_login=None, is_staff=False)
    unknown = old.exclude(emailaddress__verified=True).exclude(email__endswith=f"@{DOMAIN}")
    return unknown.filter(roles=None, api_tokens=None, saved_filters=None, events=None).order_by("pk")


def _forget(key: int, now: datetime) -> bool:
    try:
        with transaction.atomic():
            # Looked at again under the lock: the address may have been confirmed a moment ago.
            user = User.objects.select_for_update().filter(pk=key).first()
            if user is None or not _unconfirmed(now).filter(pk=key).exists():
                return False
            if Event.objects.filter(subject=f"user:{key}").exists():
                return False
            OutboxMail.objects.filter(user=user, about="account", template="").delete()
            user.delete()
    except ProtectedError:
        return False
    return True
