"""Reminders leave once each, whatever the clock did; only the latest of what was missed, and none changes a state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.grants import commands
from access_portal.grants.models import Grant, GrantNotice
from access_portal.grants.notices import send_due
from access_portal.outbox.models import OutboxMail
from tests.access_portal.grants.life_scenes import DAY, HOUR, NOW, TERMS, TICK, make_lab, make_person_grant
from tests.factories import make_user
from tests.races import at_once

pytestmark = pytest.mark.django_db
END = NOW + 100 * DAY


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def kinds(grant: Grant) -> list[str]:
    return list(grant.notices.order_by("sent_at", "pk").values_list("kind", flat=True))


@pytest.mark.parametrize("days", [90, 45, 14, 1])
def test_each_notice_leaves_at_its_moment_and_not_before(days: int, ada: User) -> None:
    grant = make_person_grant(ada, ends_at=END)
    send_due(END - days * DAY - TICK)
    assert f"ends_in_{days}_days" not in kinds(grant)
    assert send_due(END - days * DAY) == 1
    assert send_due(END - days * DAY) == 0
    assert kinds(grant)[-1] == f"ends_in_{days}_days"


def test_members_hear_of_the_end_in_the_last_two_weeks(ada: User) -> None:
    mem = make_user("mem")
    make_lab(ada, None, mem, ends_at=END)
    for days in (90, 45, 14, 1):
        send_due(END - days * DAY)
    assert OutboxMail.objects.filter(user=ada).count() == 4
    assert OutboxMail.objects.filter(user=mem).count() == 2


@given(st.lists(st.integers(min_value=-10 * 24, max_value=130 * 24), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_clock_that_runs_as_it_likes_sends_each_notice_at_most_once(ada: User, hours: list[int]) -> None:
    """At each run at most one mail leaves, and it is the latest that is due by then."""
    grant = make_person_grant(ada, ends_at=END, starts_at=NOW - 300 * DAY)
    OutboxMail.objects.all().delete()  # of the example before
    latest = None
    for moment in sorted(NOW + hour * HOUR for hour in hours):
        due = [days for days in (90, 45, 14, 1) if END - days * DAY <= moment < END]
        expected = int(bool(due) and due[-1] != latest)
        assert send_due(moment) == expected
        latest = due[-1] if due else latest
    assert OutboxMail.objects.count() == grant.notices.values("sent_at").distinct().count()
    Grant.objects.filter(pk=grant.pk).update(state="surrendered")  # out of the way of the next example


def test_a_clock_that_slept_sends_one_and_counts_the_others_as_sent(ada: User) -> None:
    grant = make_person_grant(ada, ends_at=END)
    assert send_due(END - HOUR) == 1
    assert sorted(kinds(grant)) == sorted(f"ends_in_{days}_days" for days in (90, 45, 14, 1))
    assert OutboxMail.objects.count() == 1


def test_a_short_grant_is_not_told_that_45_days_are_left(ada: User) -> None:
    grant = make_person_grant(ada, starts_at=NOW, ends_at=NOW + 30 * DAY)
    assert send_due(NOW) == 0
    send_due(NOW + 16 * DAY)
    assert kinds(grant) == ["ends_in_14_days"]


@pytest.mark.parametrize("state", ["expired", "revoked", "superseded", "surrendered", "undone"])
def test_nothing_is_told_about_what_is_over(state: str, ada: User) -> None:
    make_person_grant(ada, state=state, ends_at=NOW + DAY, attest_due_at=NOW, suspended_until=NOW)
    assert send_due(NOW + HOUR) == 0


def test_a_renewed_grant_has_notices_of_its_own(ada: User) -> None:
    grant = make_person_grant(ada, ends_at=NOW + 80 * DAY)
    send_due(NOW)
    commands.ask_renewal(
        actor=ada, number=str(grant.number), outputs="A paper, its data and its code.", changes="None.", now=NOW
    )
    ben = make_user("ben", Role.DECIDER)
    new = commands.grant_renewal(actor=ben, number=str(grant.number), terms=TERMS, now=NOW)
    assert send_due(NOW + DAY) == 0
    assert send_due(new.ends_at - 90 * DAY) == 1


def test_a_late_word_suspends_nothing_and_is_told_to_holder_and_office(ada: User) -> None:
    ben, amy = make_user("ben", Role.DECIDER), make_user("amy", Role.ADMIN)
    make_user("rea", Role.REVIEWER)
    grant = make_person_grant(ada, ends_at=NOW + 400 * DAY, attest_due_at=NOW)
    for days in (-31, -30, -8, -7, 0, 29, 30, 31, 300):
        send_due(NOW + days * DAY)
    grant.refresh_from_db()
    assert grant.state == "active"
    assert [kind.removeprefix("attest_20260302_") for kind in kinds(grant)][:4] == ["30_days", "7_days", "due", "late"]
    late = OutboxMail.objects.filter(template="grant_attest_late").values_list("to", flat=True)
    assert set(late) == {ben.email, amy.email}
    assert Event.objects.filter(name="grant_attestation_overdue", actor=None).count() == 1


def test_a_suspension_is_brought_up_on_its_day_and_stays(ada: User) -> None:
    ben = make_user("ben", Role.DECIDER)
    grant = make_person_grant(ada)
    commands.suspend(actor=ben, number=str(grant.number), reason="A doubt.", review_at=NOW + DAY, now=NOW)
    for hours in (23, 24, 25, 24 * 90):
        send_due(NOW + hours * HOUR)
    grant.refresh_from_db()
    assert grant.state == "suspended"
    assert OutboxMail.objects.filter(template="grant_look_again").count() == 1


@pytest.mark.django_db(transaction=True)
def test_three_clocks_at_once_send_one_notice() -> None:
    make_person_grant(make_user("ada"), ends_at=NOW + timedelta(days=90))
    assert at_once(*[lambda: send_due(NOW)] * 3) == ["ok"] * 3
    assert OutboxMail.objects.count() == GrantNotice.objects.count() == 1
