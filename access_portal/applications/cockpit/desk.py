"""What lies on the desk of one decider, without the cases that they may not decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User
from access_portal.applications.cockpit.distance import far_from
from access_portal.applications.models import OPEN_STATES, Application, State

MOST_SHOWN = 50
SOON = timedelta(days=1)


@dataclass(frozen=True)
class Pile:
    """Some cases of one kind, the longest waiting first, and how many there are in all."""

    name: str
    title: str | Promise
    nothing: str | Promise
    rows: list[Application]
    count: int


WORDS: Mapping[str, tuple[Promise, Promise]] = {  # title, and what is said when there is nothing
    "confirm": (_("Final refusals to confirm"), _("No final refusal waits for you.")),
    "recommended": (_("Recommended"), _("No recommendation waits.")),
    "appeals": (_("Appeals"), _("No appeal waits that you could answer.")),
    "holds": (_("Holds to look at again"), _("No hold is due.")),
}


def piles_for(decider: User, now: datetime) -> list[Pile]:
    """Opinions are left out: they are shown on the page of the case, once the reader has given one."""
    rows = _rows(decider)
    return [_pile(name, *WORDS[name], rows.filter(kind)) for name, kind in _kinds(decider, now).items()]


def desk_counts(decider: User, now: datetime) -> Mapping[str, int]:
    """How many cases lie in each pile, in one query for all."""
    counts = {name: Count("pk", filter=kind) for name, kind in _kinds(decider, now).items()}
    return _rows(decider).order_by().aggregate(**counts)


def _rows(decider: User) -> QuerySet[Application]:
    return far_from(decider, Application.objects.filter(state__in=OPEN_STATES))


def _kinds(decider: User, now: datetime) -> Mapping[str, Q]:
    """What belongs into each pile."""
    recommended = Q(state=State.RECOMMENDED)
    confirm = recommended & Q(final_proposal__isnull=False) & ~Q(final_proposal__by=decider)
    untouched = _had_no_part(decider, "decision__by", "decision__confirmed_by", "recommendation__by")
    return {
        "confirm": confirm,
        "recommended": recommended & (Q(final_proposal__isnull=True) | Q(final_proposal__by=decider)),
        "appeals": Q(state=State.APPEALED) & untouched,
        "holds": ~Q(hold_ground="") & Q(hold_recheck_at__lte=now + SOON),
    }


def _had_no_part(person: User, *places: str) -> Q:
    """Said without a negation, which would leave out cases that have nobody there."""
    found = Q()
    for place in places:
        found &= Q(**{f"{place}__isnull": True}) | ~Q(**{place: person})
    return found


def _pile(name: str, title: str | Promise, nothing: str | Promise, rows: QuerySet[Application]) -> Pile:
    related = rows.select_related("applicant", "family", "recommendation__by", "final_proposal__by", "appeal")
    first = list(related.defer("answers").order_by("submitted_at", "pk")[: MOST_SHOWN + 1])
    count = len(first) if len(first) <= MOST_SHOWN else rows.count()
    return Pile(name, title, nothing, first[:MOST_SHOWN], count)
