"""What the clock does: remind, lapse, close, forget. It never decides a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Concat

from access_portal.applications.commands.step import advance, locked, tell
from access_portal.applications.conditions import LAST_REMINDER
from access_portal.applications.models import DECIDED_STATES, Application, Reminder, State
from access_portal.applications.queue_lines import forget_line
from access_portal.applications.review_policy import elapsed
from access_portal.applications.signals import forget_seen
from access_portal.applications.standing import TIMER, Mover
from access_portal.applications.workflow import Command
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.grants.models import LIVE_STATES
from access_portal.outbox.forgetting import forget_mails_about

REMIND_BEFORE = {"two_weeks": timedelta(days=14), "three_days": timedelta(days=3), LAST_REMINDER: timedelta(days=1)}
ON_THE_APPLICANT = (State.DRAFT, State.INFO_REQUESTED)
SETTLES_AFTER = timedelta(days=30)  # what ended without a refusal rests this long before it is closed
SLICE = 200  # rows of one run; the next run takes the next ones


def expire(*, actor: Mover = TIMER, number: str, now: datetime) -> Application:
    """Lapse a draft or a returned application whose time is over; only after a reminder. Raises `not_overdue`."""
    with transaction.atomic():
        application = locked(number, actor, Command.EXPIRE, None, now)
        application.hold_ground, application.hold_recheck_at = "", None
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
            forget_words(application, now)
            application.anonymised_at = now
            advance(application, actor, Command.ANONYMISE, now)
    return application


def forget_words(application: Application, now: datetime) -> None:
    """Empty every text of a case and every copy of one; the triggers let nothing else be done to it."""
    application.answers = {}
    application.sent_rounds.update(answers={})
    for words in (application.messages, application.notes, application.opinions, application.recommendations):
        words.update(text="")
    application.info_requests.update(text="", reply="")
    application.decisions.update(text="-")
    application.decisions.exclude(what_to_change="").update(what_to_change="-")
    application.attachments.all().delete()
    forget_line(application)
    forget_seen(application)
    forget_mails_about([application.subject], now)
    application.hold_ground, application.hold_recheck_at = "", None
    if hasattr(application, "appeal"):
        type(application.appeal).objects.filter(pk=application.appeal.pk).update(text="", ground="")


def remind_due(now: datetime) -> int:
    """Remind applicants of a deadline, once for each of the times before it; returns how many mails were queued."""
    return sum(_remind(number, now) for number in _soon_due(now))


def expire_due(now: datetime) -> int:
    """Lapse what is due; returns how many. Safe to run in many processes."""
    reminded = Reminder.objects.filter(application=OuterRef("pk"), due_at=OuterRef("due_at"), kind=LAST_REMINDER)
    late = Application.objects.filter(Exists(reminded), state__in=ON_THE_APPLICANT, due_at__lte=now).order_by("due_at")
    return sum(_try(expire, number, now) for number in _numbers(late))


def close_due(now: datetime) -> int:
    """Close what has come to rest; returns how many."""
    subject = Concat(Value("application:"), OuterRef("number"))
    lately = Event.objects.filter(subject=subject, at__gt=now - SETTLES_AFTER)
    answered_at = Coalesce("decision__confirmed_at", "decision__at")
    ended = Application.objects.alias(answered_at=answered_at).filter(
        Q(state__in=(State.WITHDRAWN, State.EXPIRED))
        | (Q(state__in=DECIDED_STATES) & elapsed("answered_at", "appeal_days", now))
    )
    rested = ended.filter(~Exists(lately)).exclude(grants__state__in=LIVE_STATES)
    return sum(_try(close, number, now) for number in _numbers(rested.order_by("saved_at", "pk")))


def anonymise_due(now: datetime) -> int:
    """Forget the words of cases that were closed longer ago than their family's retention; returns how many."""
    return sum(_try(anonymise, row.number, now) for row in due_for_anonymising(now))


def due_for_anonymising(now: datetime) -> list[Application]:
    """The closed cases whose retention is over, oldest first: what the next run will forget, to be looked at first."""
    closed = Application.objects.filter(state=State.CLOSED, anonymised_at=None)
    over = closed.filter(elapsed("closed_at", "retention_days", now))
    return list(over.select_related("family").order_by("closed_at", "pk")[:SLICE])


def _soon_due(now: datetime) -> list[str | None]:
    """Those of which one of the times before the deadline has passed that nothing was written down for."""
    soon = Q()
    for kind, before in REMIND_BEFORE.items():
        told = Reminder.objects.filter(application=OuterRef("pk"), due_at=OuterRef("due_at"), kind=kind)
        soon |= Q(~Exists(told), due_at__lte=now + before)
    rows = Application.objects.filter(soon, state__in=ON_THE_APPLICANT).exclude(undo_until__gt=now)
    return _numbers(rows.order_by("due_at", "pk"))


def _remind(number: str | None, now: datetime) -> int:
    with transaction.atomic():
        application = (
            Application.objects.select_for_update(of=("self",))
            .select_related("applicant", "family")
            .filter(number=number, state__in=ON_THE_APPLICANT, due_at__isnull=False)
            .first()
        )
        if application is None or application.due_at is None or not application.is_disclosed(now):
            return 0
        due_at = application.due_at
        told = set(application.reminders.filter(due_at=due_at).values_list("kind", flat=True))
        passed = {kind: due_at - before for kind, before in REMIND_BEFORE.items() if now >= due_at - before}
        new = {kind: at for kind, at in passed.items() if kind not in told}
        for kind in new:  # those that were missed count as sent: one mail is enough
            Reminder.objects.create(application=application, kind=kind, due_at=due_at, sent_at=now)
        given_at = _given_to_applicant(application)
        if not any(at >= given_at or kind == LAST_REMINDER for kind, at in new.items()):
            return 0  # the deadline was that near when it was set: they have only just heard of it
        tell(application.applicant, "reminder", application, now)
    return 1


def _given_to_applicant(application: Application) -> datetime:
    """When the deadline was set: with the last question, or with the last word written in a draft."""
    asked = application.info_requests.filter(settled_at=None).order_by("-asked_at").first()
    return asked.asked_at if asked else application.saved_at


def _numbers(rows: QuerySet[Application]) -> list[str | None]:
    return list(rows.values_list("number", flat=True)[:SLICE])


def _try(command: Callable[..., Application], number: str | None, now: datetime) -> int:
    """1 when the command went through; one case that is not ready holds up no other."""
    try:
        command(number=number, now=now)
    except GatehouseError:
        return 0
    return 1
