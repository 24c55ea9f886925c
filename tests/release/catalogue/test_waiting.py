"""How long applicants wait, out of real answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.template.loader import render_to_string

from access_portal.applications.models import Application, Decision, State
from release.catalogue.waiting import Wait, usual_wait
from release.models import Family
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DAYS = (1, 2, 3, 4, 20)


@pytest.fixture
def family() -> Family:
    return make_open_family("gosling")


def answer(family: Family, days: int) -> datetime:
    """An application that was answered so many days, the last of them begun, after it was sent; when that was."""
    decider = make_staff(f"ben{Application.objects.count()}")
    application = make_application(
        make_user(f"cy{Application.objects.count()}"), family, State.REFUSED_FIXABLE, decider=decider
    )
    at = Decision.objects.get(application=application).at
    Application.objects.filter(pk=application.pk).update(submitted_at=at - timedelta(days=days) + timedelta(hours=1))
    return at


def test_half_and_nine_in_ten_are_said_in_days_begun(family: Family) -> None:
    last = max(answer(family, days) for days in DAYS)
    wait = usual_wait(family, last + timedelta(days=1))
    assert wait is not None
    assert (wait.half_days, wait.nine_in_ten_days) == (3, 20)


def test_of_fewer_than_five_nothing_is_said(family: Family) -> None:
    last = max(answer(family, days) for days in DAYS[1:])
    assert usual_wait(family, last + timedelta(days=1)) is None


def test_answers_of_others_and_those_older_than_a_year_do_not_count(family: Family) -> None:
    last = max(answer(family, days) for days in DAYS)
    assert usual_wait(make_open_family("gander"), last + timedelta(days=1)) is None
    assert usual_wait(family, last + timedelta(days=364)) is not None
    assert usual_wait(family, last + timedelta(days=366)) is None


@pytest.mark.parametrize(
    ("wait", "words"),
    [(Wait(3, 20), "half came within 3 days and nine in ten within 20 days"), (None, "we give no figure")],
)
def test_the_page_says_it(family: Family, wait: Wait | None, words: str) -> None:
    assert words in render_to_string("release/partials/who.html", {"family": family, "facts": {}, "wait": wait})
