"""Sessions hold by what, and as whom, somebody signed in; they end with their time or with the account."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from access_portal.privacy.section import Due


def end_sessions(user_id: int) -> int:
    """Delete those of one person; returns how many. No index knows whose a session is, so all are looked through.

    They open nothing for a person who left, whose account is closed by then: this is about what they still say.
    """
    wanted = str(user_id)
    keys = [row.pk for row in Session.objects.iterator() if row.get_decoded().get(SESSION_KEY) == wanted]
    return Session.objects.filter(pk__in=keys).delete()[0]


def over_due(now: datetime) -> Due:
    rows = Session.objects.filter(expire_date__lt=now)
    return Due(
        rows.count(),
        [f"{end:%Y-%m-%d}" for end in rows.order_by("expire_date").values_list("expire_date", flat=True)[:5]],
    )


def forget_over_due(now: datetime) -> int:
    """Delete those that are over; returns how many."""
    return Session.objects.filter(expire_date__lt=now).delete()[0]
