"""The decider's desk, the rules of review, conflicts of interest, and what time never does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.commands import keeping
from access_portal.applications.models import Application, Conflict, Decision, ReviewPolicy, State
from access_portal.audit.models import Event
from access_portal.grants.models import Grant
from release.models import Family
from tests.access_portal.applications.scenes import DAY, FINAL, NOW, make_application, make_open_family, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def dan(client: Client) -> User:
    user = make_staff("dan", Role.DECIDER)
    client.force_login(user)
    return user


@pytest.fixture
def amy(client: Client) -> User:
    user = make_staff("amy", Role.ADMIN)
    client.force_login(user)
    return user


@pytest.fixture
def family() -> Family:
    return make_open_family()


def piles(client: Client) -> dict[str, list[str]]:
    return {pile.name: [str(row.number) for row in pile.rows] for pile in client.get("/review/desk/").context["piles"]}


def test_the_desk_has_what_waits_for_this_decider(dan: User, family: Family, client: Client) -> None:
    gus = make_user("gus", Role.DECIDER)
    recommended = make_application(make_user("ada"), family, State.RECOMMENDED)
    proposed = make_application(make_user("cy"), family, State.RECOMMENDED)
    commands.propose_final(actor=gus, number=str(proposed.number), version=proposed.version, now=NOW, **FINAL)
    own = make_application(make_user("eve"), family, State.RECOMMENDED)
    commands.propose_final(actor=dan, number=str(own.number), version=own.version, now=NOW, **FINAL)
    appealed = make_application(make_user("fay"), family, State.APPEALED)
    make_application(make_user("hal"), family, State.APPEALED, decider=dan)
    held: dict[str, Any] = {"hold_ground": "A hit.", "hold_recheck_at": timezone.now() - DAY}
    hold = make_application(make_user("gil"), family, State.IN_REVIEW, **held)
    assert piles(client) == {
        "confirm": [proposed.number],
        "recommended": [recommended.number, own.number],
        "appeals": [appealed.number],
        "holds": [hold.number],
    }


def test_the_desk_leaves_out_what_is_too_near(dan: User, family: Family, client: Client) -> None:
    make_application(dan, family, State.RECOMMENDED)
    near = make_application(make_user("ada"), family, State.RECOMMENDED)
    commands.declare_conflict(actor=dan, person=near.applicant, now=NOW)
    assert not any(piles(client).values())


def test_the_desk_tells_no_opinion(dan: User, family: Family, client: Client) -> None:
    case = make_application(make_user("ada"), family, State.RECOMMENDED)
    gus = make_user("gus", Role.REVIEWER)
    commands.opine(actor=gus, number=str(case.number), verdict="approve", text="I know the lab.", now=NOW)
    assertNotContains(client.get("/review/desk/"), "I know the lab.")


def test_the_desk_is_for_deciders(client: Client) -> None:
    client.force_login(make_staff("bea", Role.REVIEWER))
    assertContains(client.get("/review/desk/"), "role_missing", status_code=403)


DECIDING_ROOMS = ("access_portal.applications.", "access_portal.grants.", "access_portal.references.")

RULES: dict[str, Any] = {
    "eyes": "some", "four_eyes_sizes": ["1m"], "four_eyes_positions": ["student"], "target_days": 5, "answer_days": 20,
    "draft_days": 60, "cool_off_days": 0, "appeal_days": 14, "retention_days": 365,
}  # fmt: skip


def test_the_office_sets_the_rules_and_the_log_says_what_changed(amy: User, family: Family, client: Client) -> None:
    assertRedirects(client.post("/office/review-policy/toy/", RULES), "/office/review-policy/")
    policy = ReviewPolicy.objects.get(family=family)
    assert (policy.eyes, policy.four_eyes_sizes, policy.target_days) == ("some", ["1m"], 5)
    event = Event.objects.get(subject="family:toy", name="review_policy_set")
    assert (event.data["target_days_before"], event.data["target_days"]) == (10, 5)
    client.post("/office/review-policy/toy/", RULES)
    assert Event.objects.filter(name="review_policy_set").count() == 1  # nothing changed, nothing to say


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("eyes", "none"),
        ("four_eyes_sizes", ["65b"]),
        ("four_eyes_positions", ["king"]),
        ("target_days", "0"),
        ("target_days", "-1"),
        ("answer_days", "x"),
        ("appeal_days", "0"),
        ("retention_days", "99999999999999999999"),
    ],
)
def test_rules_that_cannot_be_are_not_set(field: str, value: Any, amy: User, family: Family, client: Client) -> None:
    answer = client.post("/office/review-policy/toy/", {**RULES, field: value})
    assertContains(answer, f"policy_{field}", status_code=422)
    assert not ReviewPolicy.objects.exists()


def test_rules_are_for_the_office(dan: User, family: Family, client: Client) -> None:
    for path in ("/office/review-policy/", "/office/review-policy/toy/"):
        assertContains(client.get(path), "role_missing", status_code=403)
    assertContains(client.post("/office/review-policy/toy/", RULES), "role_missing", status_code=403)


def test_no_rules_for_a_family_that_is_not_there(amy: User, client: Client) -> None:
    assert client.get("/office/review-policy/unicorn/").status_code == 404


def test_the_office_opens_cases_to_hand_over_and_hold_but_not_to_judge(
    amy: User, family: Family, client: Client
) -> None:
    case = make_application(make_user("ada"), family, State.IN_REVIEW)
    assert set(client.get(f"/review/{case.number}/").context["acts"]) == {"hold", "hand_over", "note"}


@pytest.mark.parametrize(
    "about", [{"person": "ada"}, {"person": "ADA@uni.example"}, {"domain": "@UNI.example"}, {"domain": "uni.example"}]
)
def test_a_standing_conflict_keeps_cases_away_until_it_ends(
    about: dict[str, str], dan: User, family: Family, client: Client
) -> None:
    case = make_application(make_user("ada"), family)
    assertRedirects(client.post("/review/conflicts/", {**about, "reason": "We wrote a paper."}), "/review/conflicts/")
    assertContains(client.get("/review/conflicts/"), "We wrote a paper.")
    assertContains(client.get(f"/review/{case.number}/"), "conflict_of_interest", status_code=403)
    conflict = Conflict.objects.get()
    assertRedirects(client.post(f"/review/conflicts/{conflict.pk}/end/"), "/review/conflicts/")
    assert client.get(f"/review/{case.number}/").status_code == 200


@pytest.mark.parametrize("about", [{}, {"person": "nobody"}, {"domain": "a b"}, {"domain": "<script>"}])
def test_a_conflict_about_nothing_is_asked_about(about: dict[str, str], dan: User, client: Client) -> None:
    assert client.post("/review/conflicts/", about).status_code == 422
    assert not Conflict.objects.exists()


def test_nobody_ends_the_conflict_of_another(dan: User, client: Client) -> None:
    gus = make_user("gus", Role.REVIEWER)
    conflict = commands.declare_conflict(actor=gus, domain="uni.example", now=NOW)
    assert client.post(f"/review/conflicts/{conflict.pk}/end/").status_code == 404
    conflict.refresh_from_db()
    assert conflict.ended_at is None


def test_time_never_decides_a_case(family: Family) -> None:
    waiting = (State.SUBMITTED, State.IN_REVIEW, State.REVISED, State.RECOMMENDED, State.APPEALED)
    for place, state in enumerate(waiting):
        make_application(make_user(f"user-{place}"), family, state)
    decisions = set(Decision.objects.values_list("pk", flat=True))
    jobs = [import_string(path) for path in settings.CLOCK_JOBS if path.startswith(DECIDING_ROOMS)]
    assert keeping.expire_due in jobs
    for years in range(1, 11):
        for job in jobs:
            job(NOW + timedelta(days=366 * years))
    assert set(Application.objects.values_list("state", flat=True)) == {str(state) for state in waiting}
    assert set(Decision.objects.values_list("pk", flat=True)) == decisions
    assert not Grant.objects.exists()
