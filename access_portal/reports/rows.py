"""Which rows count: applications that were sent, and of what was decided only what can no longer be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat

from access_portal.applications.models import Application, Decision, State, Verdict
from access_portal.audit.models import Event
from access_portal.grants.models import LIVE_STATES, Grant


def is_told(now: datetime, at: str = "") -> Q:
    """That the mail about the last decision or question has left; `at` leads to the application."""
    return Q(**{f"{at}undo_until": None}) | Q(**{f"{at}undo_until__lte": now})


def untold(now: datetime) -> QuerySet[Any]:
    """The keys of those few whose last decision or question can still be undone."""
    return Application.objects.filter(submitted_at__lte=now, undo_until__gt=now).order_by().values("pk")


def sent(now: datetime, family: str = "") -> QuerySet[Any]:
    """All applications that were ever sent, each with its state as it was told (`told`).

    The condition on `submitted_at` lets the database read an index from end to end, and no answers.
    """
    told = Case(When(undo_until__gt=now, then=F("undo_to")), default=F("state"), output_field=CharField())
    rows = Application.objects.filter(submitted_at__lte=now).exclude(state=State.DRAFT).annotate(told=told)
    return (rows.filter(family__slug=family) if family else rows).order_by()


def answered(now: datetime, family: str = "") -> QuerySet[Any]:
    """Each with the moment of its first answer (`first_at`) and of the one that stands (`standing_at`), if any.

    They differ once an appeal was upheld: then the first answer no longer stands, and a second one may have come.
    """
    decided_at = Coalesce("decision__confirmed_at", "decision__at")
    rows = sent(now, family).filter(Q(decision__isnull=False) | Q(appeal__isnull=False))
    appealed = ("appeal__against__confirmed_at", "appeal__against__at")
    answered_rows: QuerySet[Any] = rows.annotate(standing_at=Case(When(is_told(now), then=decided_at))).annotate(
        first_at=Coalesce(*appealed, "standing_at")
    )
    return answered_rows


def ended_unanswered(since: datetime, now: datetime, family: str = "") -> QuerySet[Any]:
    """Those taken back or lapsed, with the moment of either, which only their events tell.

    Whatever was closed before `since` ended before it as well and is left out.
    """
    ended = (State.WITHDRAWN, State.EXPIRED, State.CLOSED)
    rows = sent(now, family).filter(state__in=ended, decision=None).exclude(closed_at__lt=since)
    dated: QuerySet[Any] = rows.annotate(
        withdrawn_at=_moment_of("application_withdrawn"), lapsed_at=_moment_of("application_expired")
    )
    return dated


def given(now: datetime, family: str = "") -> QuerySet[Grant]:
    """Grants that were announced, each as it is now (`now_is`): past its end it is over, whether noted yet or not."""
    over = When(state__in=LIVE_STATES, ends_at__lte=now, then=Value(Grant.State.EXPIRED.value))
    announced = Q(application=None) | is_told(now, "application__")
    rows = Grant.objects.exclude(state=Grant.State.UNDONE).filter(announced)
    rows = rows.annotate(now_is=Case(over, default=F("state"), output_field=CharField()))
    return (rows.filter(family__slug=family) if family else rows).order_by()


def outcome() -> Case:
    """What a closed application ended with: its verdict, or nothing. Only of closed ones is the decision looked up."""
    verdict = Subquery(Decision.objects.filter(pk=OuterRef("decision")).order_by().values("verdict"))
    return Case(When(state=State.CLOSED, then=verdict), output_field=CharField())


def given_decisions() -> Q:
    """Of `Decision`: neither undone nor a final refusal that nobody has confirmed."""
    return Q(undone_at=None) & ~Q(verdict=Verdict.REFUSE_FINAL, confirmed_at=None)


def _moment_of(name: str) -> Subquery:
    subject = Concat(Value("application:"), OuterRef("number"), output_field=CharField())
    return Subquery(Event.objects.filter(subject=subject, name=name).order_by("-sequence").values("at")[:1])
