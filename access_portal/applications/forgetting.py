"""What of the cases is forgotten by itself, to be looked at before: closed cases, and notes of old reminders."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from access_portal.applications.commands.keeping import due_for_anonymising
from access_portal.applications.models import Reminder, State
from access_portal.privacy.section import Due

REMINDERS_FOR = timedelta(days=365)
SLICE = 1000  # rows of one run; the next run takes the next ones


def words_due(now: datetime) -> Due:
    cases = due_for_anonymising(now)
    return Due(len(cases), [f"{case.number}, {case.closed_at:%Y-%m-%d}" for case in cases[:5]])


def reminders_due(now: datetime) -> Due:
    rows = _old_reminders(now)
    found = rows.values_list("application__number", "sent_at")[:5]
    return Due(rows.count(), [f"{number}, {sent:%Y-%m-%d}" for number, sent in found])


def forget_reminders_due(now: datetime) -> int:
    """Delete notes of reminders about cases that are closed; returns how many."""
    keys = list(_old_reminders(now).values_list("pk", flat=True)[:SLICE])
    return Reminder.objects.filter(pk__in=keys).delete()[0]


def _old_reminders(now: datetime) -> QuerySet[Reminder]:
    closed = Reminder.objects.filter(application__state=State.CLOSED)
    return closed.filter(sent_at__lte=now - REMINDERS_FOR).order_by("sent_at", "pk")
