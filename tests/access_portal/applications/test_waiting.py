"""The estimate of the wait is what the decisions of the last 90 days say, and no more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from access_portal.applications.models import Appeal, Decision, State
from access_portal.applications.waiting import wait_for
from release.models import Family
from tests.access_portal.applications.scenes import DAY, HOUR, NOW, make_application, make_open_family
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> Family:
    return make_open_family()


def answered(family: Family, after: timedelta, at: datetime = NOW, **decision: object) -> Decision:
    """A case that was answered at `at`, this long after it was sent."""
    number = Decision.objects.count()
    case = make_application(make_user(f"applicant{number}"), family, State.IN_REVIEW, submitted_at=at - after)
    values = {"verdict": "approve", "text": "Fine.", "round": 1, "by": make_user(f"decider{number}"), "at": at}
    return Decision.objects.create(application=case, applicant=case.applicant, **{**values, **decision})


def test_four_decisions_say_nothing(family: Family) -> None:
    for days in range(1, 5):
        answered(family, days * DAY)
    wait = wait_for(family.pk, NOW)
    assert (wait.decisions, wait.half_within_days, wait.nine_in_ten_within_days) == (4, None, None)


def test_of_ten_the_fifth_and_the_ninth_are_told_in_days_begun(family: Family) -> None:
    for days in (10, 1, 9, 2, 8, 3, 7, 4, 6, 5):
        answered(family, days * DAY - HOUR)
    wait = wait_for(family.pk, NOW)
    assert (wait.half_within_days, wait.nine_in_ten_within_days) == (5, 9)


@pytest.mark.parametrize(
    ("at", "decision"),
    [
        (NOW - 91 * DAY, {}),
        (NOW, {"undone_at": NOW}),
        (NOW, {"verdict": "refuse_final", "code": "other"}),  # proposed, and not confirmed
    ],
)
def test_old_undone_and_proposed_decisions_do_not_count(
    at: datetime, decision: dict[str, object], family: Family
) -> None:
    for _ in range(5):
        answered(family, DAY)
    answered(family, 80 * DAY, at, **decision)
    wait = wait_for(family.pk, NOW)
    assert (wait.decisions, wait.nine_in_ten_within_days) == (5, 1)


def test_a_confirmed_refusal_took_until_it_was_confirmed(family: Family) -> None:
    for _ in range(5):
        answered(family, DAY, NOW - 3 * DAY, verdict="refuse_final", code="other", confirmed_at=NOW)
    assert wait_for(family.pk, NOW).half_within_days == 4


def test_the_second_answer_after_an_appeal_does_not_count(family: Family) -> None:
    for _ in range(5):
        answered(family, DAY, NOW - 9 * DAY)
    first = Decision.objects.order_by("pk").first()
    assert first is not None
    Appeal.objects.create(application=first.application, against=first, text="No.", at=NOW - 8 * DAY)
    again = {"application": first.application, "applicant": first.applicant, "round": 1, "by": first.by}
    Decision.objects.create(**again, verdict="approve", text="Yes.", at=NOW)
    assert wait_for(family.pk, NOW).decisions == 5


def test_who_waits_is_counted_in_this_family_only(family: Family) -> None:
    make_application(make_user("ada"), family, submitted_at=NOW - 9 * DAY)
    make_application(make_user("cy"), family, State.RECOMMENDED, submitted_at=NOW - 2 * DAY)
    make_application(make_user("dee"), family, State.DRAFT)
    make_application(make_user("eve"), family, State.INFO_REQUESTED)
    make_application(make_user("fay"), make_open_family("other"))
    wait = wait_for(family.pk, NOW)
    assert (wait.waiting, wait.longest_waiting_since) == (2, NOW - 9 * DAY)
