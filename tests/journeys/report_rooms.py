"""A house that has worked for a year, for the pages of figures to show."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from access_portal.applications.models import State
from tests.access_portal.applications.scenes import ANSWERS, make_open_family
from tests.access_portal.reports.worlds import answered, ended, reopened, sent
from tests.factories import make_grant
from tests.journeys.furniture import House

SENTENCE = "We measure how grammatical agreement emerges, layer by layer, in small models."


def busy_house(_house: House) -> str:
    """Two families, with answers of every kind; gives the path of the public page."""
    now, day = timezone.now(), timedelta(days=1)
    gosling, heron = make_open_family("gosling"), make_open_family("heron")
    for n in range(24):
        answered(gosling, (n % 9 + 1) * day, now - n * 14 * day)
        answered(heron, (n % 5 + 2) * day, now - n * 13 * day)
    for n in range(7):
        answered(gosling, 6 * day, now - n * 40 * day, "refuse_fixable", code="purpose_unclear")
    for n in range(2):
        answered(heron, 11 * day, now - n * 40 * day, "refuse_fixable", code="ethics_missing")
        ended(heron, State.WITHDRAWN, now - n * 9 * day)
    for n in range(9):
        sent(gosling, now - n * n * day, due_at=now + (5 - n) * day)
    reopened(heron, now - 20 * day)
    for n in range(3):
        answers = {**ANSWERS, "use_statement": f"{SENTENCE} Part {n + 1}.", "publish_statement": "yes"}
        case = sent(gosling, now - 30 * day, State.APPROVED, answers=answers)
        make_grant(case.applicant, gosling, now=now, application=case)
    return reverse("transparency")
