"""What lies on the desk of one decider, without the cases that they may not decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
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


def piles_for(decider: User, now: datetime) -> list[Pile]:
    """Opinions are left out: they are shown on the page of the case, once the reader has given one."""
    rows = far_from(decider, Application.objects.filter(state__in=OPEN_STATES))
    recommended = rows.filter(state=State.RECOMMENDED)
    own = Q(decision__by=decider) | Q(decision__confirmed_by=decider) | Q(recommendation__by=decider)
    to_confirm = recommended.filter(final_proposal__isnull=False).exclude(final_proposal__by=decider)
    return [
        _pile("confirm", _("Final refusals to confirm"), _("No final refusal waits for you."), to_confirm),
        _pile(
            "recommended", _("Recommended"), _("No recommendation waits."),
            recommended.exclude(pk__in=to_confirm.values("pk")),
        ),
        _pile(
            "appeals", _("Appeals"), _("No appeal waits that you could answer."),
            rows.filter(state=State.APPEALED).exclude(own),
        ),
        _pile(
            "holds", _("Holds to look at again"), _("No hold is due."),
            rows.exclude(hold_ground="").filter(hold_recheck_at__lte=now + SOON),
        ),
    ]  # fmt: skip


def _pile(name: str, title: str | Promise, nothing: str | Promise, rows: QuerySet[Application]) -> Pile:
    related = rows.select_related("applicant", "family", "recommendation__by", "final_proposal__by", "appeal")
    first = list(related.defer("answers").order_by("submitted_at", "pk")[: MOST_SHOWN + 1])
    count = len(first) if len(first) <= MOST_SHOWN else rows.count()
    return Pile(name, title, nothing, first[:MOST_SHOWN], count)
