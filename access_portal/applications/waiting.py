"""An honest estimate of the wait: what it was for those who were answered lately, and who waits now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import DurationField, ExpressionWrapper, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from access_portal.applications.models import Application, Decision, Verdict
from access_portal.applications.review_policy import policy_of
from access_portal.applications.workflow import STAFF_STATES

LATELY = timedelta(days=90)
FEWEST = 5  # decisions; of fewer nothing can be said


@dataclass(frozen=True)
class Wait:
    """From sending to the answer, in days begun; None where there were too few answers to say."""

    decisions: int
    half_within_days: int | None
    nine_in_ten_within_days: int | None
    waiting: int
    longest_waiting_since: datetime | None
    target_days: int


def wait_for(family_id: int, now: datetime) -> Wait:
    """The last 90 days of one family, with the time that applicants took to answer questions."""
    answers = _first_answers(family_id, now)
    count = answers.count()
    enough = count >= FEWEST
    queue = Application.objects.filter(family_id=family_id, state__in=STAFF_STATES)
    return Wait(
        decisions=count,
        half_within_days=_days(answers, count, 0.5) if enough else None,
        nine_in_ten_within_days=_days(answers, count, 0.9) if enough else None,
        waiting=queue.count(),
        longest_waiting_since=queue.aggregate(oldest=Min("submitted_at"))["oldest"],
        target_days=policy_of(family_id).target.days,
    )


def _first_answers(family_id: int, now: datetime) -> QuerySet[Decision, timedelta]:
    """How long each took, shortest first; a second answer, after an appeal, does not count."""
    decisions = Decision.objects.filter(application__family_id=family_id, undone_at=None)
    given = decisions.exclude(verdict=Verdict.REFUSE_FINAL, confirmed_at=None)  # a proposal is no answer yet
    first = given.filter(Q(application__appeal=None) | Q(at__lte=F("application__appeal__at")))
    took = ExpressionWrapper(F("answered_at") - F("application__submitted_at"), output_field=DurationField())
    lately = first.annotate(answered_at=Coalesce("confirmed_at", "at")).filter(
        answered_at__gt=now - LATELY, answered_at__lte=now
    )
    return lately.annotate(took=took).order_by("took", "pk").values_list("took", flat=True)


def _days(answers: QuerySet[Decision, timedelta], count: int, share: float) -> int:
    """Within how many days begun this share was answered."""
    took = answers[ceil(share * count) - 1]
    return max(1, ceil(took / timedelta(days=1)))
