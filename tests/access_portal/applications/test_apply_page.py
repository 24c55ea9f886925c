"""The page before an application: what is asked, how long one waits, and the button."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.questionnaires.models import FormVersion
from release.models import Family
from tests.access_portal.applications.scenes import CHECKED, TERMS, make_application, make_open_family
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> Family:
    return make_open_family()


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada")
    client.force_login(user)
    return user


def test_it_says_what_is_asked_how_long_it_takes_and_who_reads_it(ada: User, family: Family, client: Client) -> None:
    page = client.get("/apply/toy/")
    for words in ("Apply for Toy", "The research", "minutes", "Who reads it", "Begin"):
        assertContains(page, words)
    assert not Application.objects.exists()


def test_too_few_decisions_are_said_to_be_too_few(ada: User, family: Family, client: Client) -> None:
    assertContains(client.get("/apply/toy/"), "too few to tell you how long it takes")


def test_the_wait_is_told_with_what_it_was_counted_over(ada: User, family: Family, client: Client) -> None:
    for place in range(1, 6):
        case = make_application(make_user(f"user{place}"), family, State.IN_REVIEW)
        case.submitted_at = timezone.now() - timedelta(days=place)
        case.save()
        decider = make_user(f"decider{place}", Role.DECIDER)
        commands.approve(
            actor=decider, number=str(case.number), version=case.version, terms=TERMS, checked=CHECKED,
            now=timezone.now(),
        )  # fmt: skip
    page = client.get("/apply/toy/")
    assertContains(page, "Counted over the 5 answers of the last 90 days")
    assertContains(page, "<dd>4 days</dd>", html=True)


def test_who_waits_now_is_counted(ada: User, family: Family, client: Client) -> None:
    make_application(make_user("cy"), family)
    assertContains(client.get("/apply/toy/"), "1 application waits for us now")


def test_the_button_makes_a_draft_and_leads_to_its_form(ada: User, family: Family, client: Client) -> None:
    answer = client.post("/apply/toy/")
    made = Application.objects.get()
    assertRedirects(answer, f"/applications/{made.number}/edit/")
    assert (made.state, made.applicant) == (State.DRAFT, ada)


def test_a_second_click_lands_in_the_same_draft(ada: User, family: Family, client: Client) -> None:
    first, second = client.post("/apply/toy/"), client.post("/apply/toy/")
    assert first.headers["Location"] == second.headers["Location"]
    assert Application.objects.count() == 1


def test_whoever_has_a_draft_is_led_to_it(ada: User, family: Family, client: Client) -> None:
    draft = commands.start_application(actor=ada, family=family, now=timezone.now())
    assertRedirects(client.get("/apply/toy/"), f"/applications/{draft.number}/edit/")


@pytest.mark.parametrize("state", [State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED, State.APPEALED])
def test_a_case_that_was_sent_stands_in_the_way_of_another(
    state: State, ada: User, family: Family, client: Client
) -> None:
    case = make_application(ada, family, state)
    for page in (client.get("/apply/toy/"), client.post("/apply/toy/")):
        assertContains(page, f'href="/applications/{case.number}/"', status_code=409)
    assert Application.objects.count() == 1


def test_whoever_holds_a_grant_is_told_so(ada: User, family: Family, client: Client) -> None:
    make_grant(ada, family)
    assertContains(client.get("/apply/toy/"), "already_granted", status_code=409)


def test_an_unconfirmed_address_is_told_what_to_do(client: Client, family: Family) -> None:
    client.force_login(make_user("cy", verified=False))
    assertContains(client.get("/apply/toy/"), "is not confirmed yet", status_code=403)
    assert client.post("/apply/toy/").status_code == 403


def test_a_stranger_signs_in_first(client: Client, family: Family) -> None:
    assertRedirects(client.get("/apply/toy/"), "/account/login/?next=/apply/toy/", fetch_redirect_response=False)
    client.post("/apply/toy/")
    assert not Application.objects.exists()


def test_an_unknown_family_is_not_found(ada: User, client: Client) -> None:
    assertContains(client.get("/apply/nothing/"), "no model family at this address", status_code=404)


def test_one_applies_again_with_the_answers_of_before(ada: User, family: Family, client: Client) -> None:
    old = make_application(ada, family, State.REFUSED_FIXABLE)
    page = client.get(f"/apply/toy/?previous={old.number}")
    assertContains(page, "Begin with my earlier answers")
    client.post("/apply/toy/", {"previous": old.number})
    made = Application.objects.get(state=State.DRAFT)
    assert (made.previous, made.answers) == (old, old.answers)


def test_nobody_begins_with_the_answers_of_somebody_else(ada: User, family: Family, client: Client) -> None:
    other = make_application(make_user("cy"), family, State.REFUSED_FIXABLE)
    assert client.get(f"/apply/toy/?previous={other.number}").status_code == 404
    assert client.post("/apply/toy/", {"previous": other.number}).status_code == 404
    assert not Application.objects.filter(applicant=ada).exists()


def test_the_form_of_the_family_is_the_one_that_is_announced(ada: User, family: Family, client: Client) -> None:
    house = FormVersion.objects.get(family=None)
    own = {**house.definition, "sections": [{**house.definition["sections"][0], "title": {"en": "Only this"}}]}
    own = {name: value for name, value in own.items() if name != "at_least_one"}
    FormVersion.objects.create(family=family, number=1, definition=own, sha256="0" * 64)
    page = client.get("/apply/toy/")
    assertContains(page, "Only this")
    assertNotContains(page, "Data about people")
