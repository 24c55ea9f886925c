"""The rows of the queue: those that somebody wants to see, fifty at a time, wherever the list is entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from access_portal.accounts.models import User
from access_portal.applications.cockpit.wanted import Sort, View, Wanted
from access_portal.applications.models import (
    CLAIM_LASTS,
    DECIDED_STATES,
    OPEN_STATES,
    Application,
    Signal,
    State,
)

PAGE_ROWS = 50
UNASSIGNED = (State.SUBMITTED, State.REVISED)


@dataclass(frozen=True)
class Page:
    """Some rows, and where the list goes on in both directions; an empty place is an end of it."""

    rows: list[Application]
    earlier: str
    later: str


@dataclass(frozen=True)
class Neighbours:
    """Numbers of the cases before and after one."""

    previous: str | None
    following: str | None


def sent() -> QuerySet[Application]:
    """All that the office has seen: nobody reads a draft but its writer."""
    return Application.objects.exclude(state=State.DRAFT).filter(submitted_at__isnull=False)


def select(wanted: Wanted, reader: User, now: datetime) -> QuerySet[Application]:
    """The cases of one view that pass its filters, in no order yet."""
    rows = sent().filter(_pile(wanted.view, reader, now))
    if wanted.family:
        rows = rows.filter(family__slug=wanted.family)
    if wanted.days:
        rows = rows.filter(submitted_at__lte=now - timedelta(days=wanted.days))
    if wanted.country:
        rows = rows.filter(queue_line__country__iexact=wanted.country)
    if wanted.position:
        rows = rows.filter(queue_line__position=wanted.position)
    if wanted.signal:
        rows = rows.filter(pk__in=Signal.objects.filter(kind=wanted.signal).values("application_id"))
    return rows.filter(_says(wanted.text)) if wanted.text else rows


def page(wanted: Wanted, reader: User, now: datetime, *, after: str = "", before: str = "") -> Page:
    """The fifty rows next to a place, which is a row's key as `_place` writes it; without one, the first fifty."""
    place, backwards = (before, True) if before else (after, False)
    key = _read_place(place)
    rows = _rows(select(wanted, reader, now))
    if key is not None:
        rows = rows.filter(_beyond(wanted, *key, backwards=backwards))
    found = list(_ordered(rows, wanted, backwards=backwards and key is not None)[: PAGE_ROWS + 1])
    more, found = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    if backwards and key is not None:
        found.reverse()
        return Page(
            found, _place(wanted, found[0]) if found and more else "", _place(wanted, found[-1]) if found else ""
        )
    back = _place(wanted, found[0]) if found and key is not None else ""
    return Page(found, back, _place(wanted, found[-1]) if found and more else "")


def counts(reader: User, now: datetime) -> Mapping[str, int]:
    """How many cases wait in each view; those that are over are not counted."""
    piles = [view for view in View if view not in (View.DECIDED, View.ALL)]
    waiting = sent().filter(state__in=OPEN_STATES)
    return waiting.aggregate(**{view.value: Count("pk", filter=_pile(view, reader, now)) for view in piles})


def signals_of(rows: list[Application]) -> Mapping[int, Mapping[str, int]]:
    """For each of these cases how many signals its last round gave, and how many of them ask to be looked at."""
    current = Signal.objects.filter(application__in=rows, round=F("application__rounds")).order_by()
    look = Count("pk", filter=Q(level=Signal.Level.LOOK))
    counted = current.values("application_id").annotate(all=Count("pk"), look=look)
    return {row["application_id"]: {"all": row["all"], "look": row["look"]} for row in counted}


def neighbours(application: Application, wanted: Wanted, reader: User, now: datetime) -> Neighbours:
    """The cases before and after this one in a list that may have lost it meanwhile."""
    rows = select(wanted, reader, now).exclude(pk=application.pk)
    value = _value(wanted, application)
    if value is None:
        return Neighbours(None, None)

    def first(*, backwards: bool) -> Subquery:
        beyond = rows.filter(_beyond(wanted, value, application.pk, backwards=backwards))
        return Subquery(_ordered(beyond, wanted, backwards=backwards).values("number")[:1])

    found = Application.objects.filter(pk=application.pk).values_list(first(backwards=True), first(backwards=False))
    previous, following = found.get()
    return Neighbours(previous, following)


def _rows(rows: QuerySet[Application]) -> QuerySet[Application]:
    related = rows.select_related("applicant", "family", "claimed_by", "handler", "queue_line", "decision")
    return related.defer("answers")


def _pile(view: View, reader: User, now: datetime) -> Q:
    lapsed = Q(state=State.IN_REVIEW, claimed_at__lte=now - CLAIM_LASTS)
    piles = {
        View.MINE: Q(state=State.IN_REVIEW, claimed_by=reader),
        View.UNASSIGNED: Q(state__in=UNASSIGNED),
        View.LAPSED: lapsed & ~Q(claimed_by=reader),
        View.WAITING: Q(state=State.INFO_REQUESTED),
        View.RECOMMENDED: Q(state=State.RECOMMENDED),
        View.APPEALS: Q(state=State.APPEALED),
        View.HOLDS: Q(state__in=OPEN_STATES) & ~Q(hold_ground=""),
        View.OVERDUE: Q(state__in=OPEN_STATES, due_at__lt=now),
        View.DECIDED: Q(state__in=DECIDED_STATES),
    }
    return piles.get(view, Q())


def _says(text: str) -> Q:
    if text.upper().startswith("GH-"):
        return Q(number__startswith=text.upper())
    person = Q(applicant__full_name__icontains=text) | Q(applicant__username__icontains=text)
    return person | Q(queue_line__institution__icontains=text) | Q(number__endswith=text)


def _key(wanted: Wanted) -> str:
    if wanted.view == View.DECIDED:
        return "decision__at"
    return "due_at" if wanted.sort == Sort.DUE else "submitted_at"


def _ordered(rows: QuerySet[Application], wanted: Wanted, *, backwards: bool) -> QuerySet[Application]:
    sign = "-" if (wanted.sort == Sort.NEWEST) != backwards else ""
    return rows.order_by(f"{sign}{_key(wanted)}", f"{sign}pk")


def _beyond(wanted: Wanted, value: datetime, pk: int, *, backwards: bool) -> Q:
    """Rows behind a place. The first condition says nothing new, but lets the database begin at the right place."""
    key, way = _key(wanted), "lt" if (wanted.sort == Sort.NEWEST) != backwards else "gt"
    further = Q(**{f"{key}__{way}": value}) | Q(**{key: value, f"pk__{way}": pk})
    return Q(**{f"{key}__{way}e": value}) & further


def _value(wanted: Wanted, row: Application) -> datetime | None:
    value: Any = row
    for part in _key(wanted).split("__"):
        value = getattr(value, part, None)
    return value if isinstance(value, datetime) else None


def _place(wanted: Wanted, row: Application) -> str:
    value = _value(wanted, row)
    return f"{value.isoformat()}_{row.pk}" if value else ""


def _read_place(place: str) -> tuple[datetime, int] | None:
    """None for what `_place` did not write."""
    moment, _mark, pk = place[:100].rpartition("_")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    try:
        value = parse_datetime(moment)
    except ValueError:
        return None
    return (value, int(pk)) if value is not None and value.tzinfo is not None else None
