"""What the pages of applicants and the review queue read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from access_portal.accounts.models import User
from access_portal.applications.models import CLAIM_LASTS, DECIDED_STATES, OPEN_STATES, Application, State
from access_portal.applications.standing import not_found
from access_portal.applications.wording import INTERNAL, Entry, entry
from access_portal.audit.models import Event

FILTERS = ("open", "mine", "decided", "all")


@dataclass(frozen=True)
class Neighbours:
    """Numbers of the open cases before and after one, oldest first."""

    previous: str | None
    next: str | None


def applications_of(user: User) -> QuerySet[Application]:
    """A person's own applications, newest first."""
    return (
        Application.objects.filter(applicant=user).select_related("family", "decision").order_by("-created_at", "-pk")
    )


def own_application(user: User, number: str) -> Application:
    """One of a person's own; raises NotFoundError for anybody else's."""
    rows = Application.objects.select_related("family", "form", "decision", "acceptance__version__licence")
    application = rows.filter(applicant=user, number=number).first()
    if application is None:
        raise not_found(number)
    return application


def case_to_review(number: str) -> Application:
    """A case with all that its review page shows; raises NotFoundError."""
    rows = Application.objects.select_related(
        "applicant",
        "family",
        "form",
        "claimed_by",
        "handler",
        "decision__by",
        "decision__confirmed_by",
        "recommendation__by",
        "final_proposal__by",
        "acceptance__version__licence",
    )
    application = rows.filter(number=number).exclude(state=State.DRAFT).first()
    if application is None:
        raise not_found(number)
    return application


def timeline(application: Application, reader: User) -> list[Entry]:
    """What happened to it, oldest first."""
    events = Event.objects.filter(subject=application.subject).select_related("actor").order_by("sequence")
    if reader.pk == application.applicant_id:
        events = events.exclude(name__in=INTERNAL)
    return [entry(event, application, reader) for event in events]


def queue(reader: User, which: str, now: datetime) -> QuerySet[Application]:
    """The cases of one of `FILTERS`, oldest first, decided ones newest first; `lapsed` says whether a claim is over."""
    lapsed = ExpressionWrapper(_lapsed(now), output_field=BooleanField())
    rows = Application.objects.select_related("applicant", "family", "claimed_by").annotate(lapsed=lapsed)
    match which:
        case "open":
            return rows.filter(state__in=OPEN_STATES).order_by("submitted_at", "pk")
        case "mine":
            return rows.filter(state=State.IN_REVIEW, claimed_by=reader).order_by("submitted_at", "pk")
        case "decided":
            return rows.filter(state__in=DECIDED_STATES).order_by("-decision__at", "-pk")
        case _:
            return rows.order_by("submitted_at", "pk")


def counts(reader: User, now: datetime) -> Mapping[str, int]:
    """How many cases stand in each state, how many the reader holds, and how many claims have lapsed."""
    states = {state.value: Count("pk", filter=Q(state=state)) for state in State}
    return Application.objects.aggregate(
        **states,
        mine=Count("pk", filter=Q(state=State.IN_REVIEW, claimed_by=reader)),
        lapsed=Count("pk", filter=_lapsed(now)),
    )


def _lapsed(now: datetime) -> Q:
    return Q(state=State.IN_REVIEW, claimed_at__isnull=False, claimed_at__lte=now - CLAIM_LASTS)


def neighbours(application: Application) -> Neighbours:
    """The next and the previous open case in the order of the queue."""
    here = Q(submitted_at=application.submitted_at)
    rows = Application.objects.filter(state__in=OPEN_STATES).exclude(pk=application.pk)
    later = rows.filter(Q(submitted_at__gt=application.submitted_at) | here & Q(pk__gt=application.pk))
    earlier = rows.filter(Q(submitted_at__lt=application.submitted_at) | here & Q(pk__lt=application.pk))
    return Neighbours(
        previous=earlier.order_by("-submitted_at", "-pk").values_list("number", flat=True).first(),
        next=later.order_by("submitted_at", "pk").values_list("number", flat=True).first(),
    )
