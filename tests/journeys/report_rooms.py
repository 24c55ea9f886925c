"""A house that has worked for a year, for the pages of figures to show."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications.models import State
from access_portal.reports.models import SavedReport
from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family
from tests.access_portal.reports.worlds import answered, ended, reopened, sent
from tests.factories import make_grant, make_user
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
        publish(make_user(f"writer{n}"), gosling, f"{SENTENCE} Part {n + 1}.")
    return reverse("transparency")


def publish(writer: User, family: Family, sentence: str) -> None:
    """A grant of somebody who agreed to publish a sentence."""
    answers = {**ANSWERS, "use_statement": sentence, "publish_statement": "yes"}
    case = make_application(writer, family, State.APPROVED, answers=answers)
    make_grant(writer, family, application=case)


def own_sentence(house: House) -> str:
    """The public page for somebody whose sentence is on it."""
    publish(house.dot, make_open_family("gosling"), SENTENCE)
    return reverse("transparency")


def kept_report(house: House) -> str:
    """The reports of an administrator, narrowed, with two that are kept."""
    busy_house(house)
    RoleAssignment.objects.create(user=house.ben, role=Role.ADMIN)
    query = "since=2020-01-01&until=2020-12-31"
    for name in ("Year of the founding", "W" * 60):
        SavedReport.objects.create(user=house.ben, name=name, query=query)
    return f"{reverse('reports')}?family=gosling"
