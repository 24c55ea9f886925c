"""What the clock does: remind, lapse, close, forget. It never decides a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from access_portal.applications.commands.step import advance, locked, tell
from access_portal.applications.models import DECIDED_STATES, Application, Reminder, State
from access_portal.applications.queue_lines import forget_line
from access_portal.applications.review_policy import policy_of
from access_portal.applications.standing import TIMER, Mover
from access_portal.applications.workflow import Command
from access_portal.errors import GatehouseError
from access_portal.grants.models import LIVE_STATES

REMIND_BEFORE = {"two_weeks": timedelta(days=14), "three_days": timedelta(days=3), "one_day": timedelta(days=1)}
ON_THE_APPLICANT = (State.DRAFT, State.INFO_REQUESTED)
SETTLES_AFTER = timedelta(days=30)  # what ended without a refusal rests this long before it is closed
SLICE = 200  # rows of one run; the next run takes the next ones


def expire(*, actor: Mover = TIMER, number: str, now: datetime) -> Application:
    """Lapse a draft or a returned application whose time is over; only after a reminder. Raises `not_overdue`."""
    with transaction.atomic():
        application = locked(number, actor, Command.EXPIRE, None, now)
        application.claimed_by = application.claimed_at = None
        advance(application, actor, Command.EXPIRE, now)
        tell(application.applicant, "expired", application, now)
    return application


def close(*, actor: Mover = TIMER, number: str, now: datetime) -> Application:
    """File a case away once nothing can follow from it any more. Raises ConflictError `not_settled`."""
    with transaction.atomic():
        application = locked(number, actor, Command.CLOSE, None, now)
        application.closed_at = now
        advance(application, actor, Command.CLOSE, now)
    return application


def anonymise(*, actor: Mover = TIMER, number: str, now: datetime) -> Application:
    """Forget what people wrote in a closed case; that it was, when, and how it was answered stays on record."""
    with transaction.atomic():
        application = locked(number, actor, Command.ANONYMISE, None, now)
        if application.anonymised_at is None:
            forget_words(application)
            application.anonymised_at = now
            advance(application, actor, Command.ANONYMISE, now)
    return application


def forget_words(application: Application) -> None:
    """Empty every text of a case; the triggers let nothing else be done to it."""
    application.answers = {}
    application.sent_rounds.update(answers={})
    for words in (application.messages, application.notes, application.opinions, application.recommendations):
        words.update(text="")
    application.info_requests.update(text="", reply="")
    application.decisions.update(text="-")
    application.decisions.exclude(what_to_change="").update(what_to_change="-")
    application.attachments.all().delete()
    forget_line(application)
    if hasattr(application, "appeal"):
        type(application.appeal).objects.filter(pk=application.appeal.pk).update(text="", ground="")


def remind_due(now: datetime) -> int:
    """Remind applicants of a deadline, once for each of the times before it; returns how many mails were queued."""
    return sum(_remind(number, now) for number in _soon_due(now))


def expire_due(now: datetime) -> int:
    """Lapse what is due; returns how many. Safe to run in many processes."""
    late = Application.objects.filter(state__in=ON_THE_APPLICANT, due_at__lte=now).order_by("due_at")
    return sum(_try(expire, number, now) for number in _numbers(late))


def close_due(now: datetime) -> int:
    """Close what has come to rest; returns how many."""
    ended = Application.objects.filter(state__in=(*DECIDED_STATES, State.WITHDRAWN, State.EXPIRED))
    rested = ended.filter(saved_at__lte=now - SETTLES_AFTER).exclude(grants__state__in=LIVE_STATES)
    return sum(_try(close, number, now) for number in rested.values_list("number", flat=True))


def anonymise_due(now: datetime) -> int:
    """Forget the words of cases that were closed longer ago than their family's retention; returns how many."""
    return sum(_try(anonymise, row.number, now) for row in due_for_anonymising(now))


def due_for_anonymising(now: datetime) -> list[Application]:
    """The closed cases whose retention is over, oldest first: what the next run will forget, to be looked at first."""
    closed = Application.objects.filter(state=State.CLOSED, anonymised_at=None, closed_at__isnull=False)
    rows = closed.select_related("family").order_by("closed_at")[: 10 * SLICE]
    return [row for row in rows if row.closed_at and row.closed_at + policy_of(row.family_id).retention <= now][:SLICE]


def _soon_due(now: datetime) -> Iterator[str | None]:
    soon = Application.objects.filter(state__in=ON_THE_APPLICANT, due_at__lte=now + max(REMIND_BEFORE.values()))
    yield from soon.order_by("due_at").values_list("number", flat=True)


def _remind(number: str | None, now: datetime) -> int:
    with transaction.atomic():
        application = (
            Application.objects.select_for_update(of=("self",))
            .select_related("applicant", "family")
            .filter(number=number, state__in=ON_THE_APPLICANT, due_at__isnull=False)
            .first()
        )
        if application is None or application.due_at is None:
            return 0
        passed = [kind for kind, before in REMIND_BEFORE.items() if now >= application.due_at - before]
        told = set(application.reminders.filter(due_at=application.due_at).values_list("kind", flat=True))
        if not passed or passed[-1] in told:
            return 0
        for kind in passed:  # those that were missed count as sent: one mail is enough
            Reminder.objects.get_or_create(
                application=application, kind=kind, due_at=application.due_at, defaults={"sent_at": now}
            )
        tell(application.applicant, "reminder", application, now)
    return 1


def _numbers(rows: QuerySet[Application]) -> list[str | None]:
    return list(rows.values_list("number", flat=True)[:SLICE])


def _try(command: Callable[..., Application], number: str | None, now: datetime) -> int:
    """1 when the command went through; one case that is not ready holds up no other."""
    try:
        command(number=number, now=now)
    except GatehouseError:
        return 0
    return 1
