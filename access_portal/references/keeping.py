"""What the clock does with references: ask those whose day was full, remind once, forget with the case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from access_portal.applications.models import OPEN_STATES, Application, State
from access_portal.privacy.section import Due
from access_portal.references.letters import post_question, post_reminder
from access_portal.references.models import Letter, Reference

REMIND_AFTER = timedelta(days=7)
LETTERS_FOR = timedelta(days=90)  # a link works for three weeks
LETTERS_AT_ONCE = 1000
SLICE = 200  # rows of one run; the next run takes the next ones
ANSWERABLE = tuple(state for state in OPEN_STATES if state != State.DRAFT)


def ask_waiting_due(now: datetime) -> int:
    """Write to those who had got as many letters as we send in a day; returns how many letters were queued."""
    return _for_each(_open().filter(asked_at=None), post_question, now)


def remind_due(now: datetime) -> int:
    """Remind, once, those who did not answer for a week; returns how many letters were queued."""
    silent = _open().filter(asked_at__lte=now - REMIND_AFTER, expires_at__gt=now, reminded_at=None)
    return _for_each(silent, post_reminder, now)


def forget_due(now: datetime) -> int:
    """Forget who was asked about a case whose words are forgotten; that somebody was, and the answer, stays."""
    return forget_references(_known_of_forgotten_cases())


def forget_references(known: QuerySet[Reference]) -> int:
    """Take out of these who was asked and what they wrote; returns how many."""
    with transaction.atomic():
        Letter.objects.filter(reference__in=known).delete()
        forgotten = Concat(Value("forgotten "), Cast("pk", CharField()))
        return known.update(name="", email="", comment="", answered_name="", address=forgotten)


def people_due(now: datetime) -> Due:
    rows = _known_of_forgotten_cases().order_by("pk")
    return Due(rows.count(), list(map(str, rows.values_list("application__number", flat=True)[:5])))


def letters_due(now: datetime) -> Due:
    rows = _old_letters(now)
    found = rows.values_list("reference__application__number", "sent_at")[:5]
    return Due(rows.count(), [f"{number}, {sent:%Y-%m-%d}" for number, sent in found])


def forget_letters_due(now: datetime) -> int:
    """Delete the record of letters whose link ended long ago, and the address with it; returns how many."""
    keys = list(_old_letters(now).values_list("pk", flat=True)[:LETTERS_AT_ONCE])
    return Letter.objects.filter(pk__in=keys).delete()[0]


def _known_of_forgotten_cases() -> QuerySet[Reference]:
    return Reference.objects.filter(application__anonymised_at__isnull=False).exclude(email="")


def _old_letters(now: datetime) -> QuerySet[Letter]:
    return Letter.objects.filter(sent_at__lte=now - LETTERS_FOR).order_by("sent_at", "pk")


def _open() -> QuerySet[Reference]:
    return Reference.objects.filter(answered_at=None, superseded_at=None, application__state__in=ANSWERABLE)


def _for_each(rows: QuerySet[Reference], post: Callable[[Reference, datetime], bool], now: datetime) -> int:
    """Each in a transaction of its own; a row that another process took care of meanwhile is left out."""
    done = 0
    for key, application in rows.order_by("pk").values_list("pk", "application")[:SLICE]:
        with transaction.atomic():
            Application.objects.select_for_update().get(pk=application)
            row = rows.select_related("application__applicant", "application__family").filter(pk=key).first()
            done += row is not None and post(row, now)
    return done
