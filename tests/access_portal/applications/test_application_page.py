"""What applicants see of their own applications."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertNumQueries, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from tests.access_portal.applications.scenes import (
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
    make_staff,
    submit,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada")
    client.force_login(user)
    return user


@pytest.mark.parametrize("state", State.values)
def test_every_state_is_explained_and_names_who_acts_next(state: str, ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family(), State(state))
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, State(state).label)
    assertContains(page, "Who acts next")
    assertContains(page, "Example University")
    assertContains(page, "https://orcid.org/0000-0002-1825-0097")


def test_the_timeline_tells_what_happened_but_not_which_reviewer_did_it(ada: User, client: Client) -> None:
    made = submit(ada, make_open_family())
    commands.claim(actor=make_user("ben", Role.REVIEWER), number=str(made.number), version=1, now=NOW)
    page = client.get(f"/applications/{made.number}/")
    assertContains(page, "by you")
    assertContains(page, "Taken up for review")
    assertContains(page, "by the reviewers")
    assertNotContains(page, "Ben Example")


def test_an_approval_shows_terms_and_the_next_doors(ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family(), State.IN_REVIEW)
    dan = make_user("dan", Role.DECIDER)
    commands.approve(actor=dan, number=str(case.number), version=1, terms=TERMS, now=NOW)
    page = client.get(f"/applications/{case.number}/")
    for words in ("Sound work.", "250,000 tokens", 'href="/grants/"', 'href="/models/toy/"', 'href="/account/tokens/"'):
        assertContains(page, words)
    assertNotContains(page, "withdraw/")


def test_a_refusal_shows_reasons_what_to_change_and_the_way_back(ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family(), State.IN_REVIEW)
    dan = make_user("dan", Role.DECIDER)
    commands.refuse(actor=dan, number=str(case.number), version=1, now=NOW, **REFUSAL)
    page = client.get(f"/applications/{case.number}/")
    for words in ("purpose is not clear", REFUSAL["text"], "Describe the method.", 'href="/apply/toy/"'):
        assertContains(page, words)
    assertNotContains(page, "Dan Example")


def test_a_final_refusal_offers_no_way_back(ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family(), State.REFUSED, may_reapply=False)
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, "Nobody. This answer is final.")
    assertNotContains(page, 'href="/apply/toy/"')


def test_withdrawing_asks_first(ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family())
    assertContains(client.get(f"/applications/{case.number}/"), f"/applications/{case.number}/withdraw/")
    assertContains(client.get(f"/applications/{case.number}/withdraw/"), "Withdraw it")
    assert Application.objects.get().state == State.SUBMITTED
    assertRedirects(client.post(f"/applications/{case.number}/withdraw/"), f"/applications/{case.number}/")
    assert Application.objects.get().state == State.WITHDRAWN


def test_withdrawing_twice_says_where_it_stands(ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family(), State.WITHDRAWN)
    assertContains(client.get(f"/applications/{case.number}/withdraw/"), "can no longer be withdrawn")
    assertContains(client.post(f"/applications/{case.number}/withdraw/"), "wrong_state", status_code=409)


@pytest.mark.parametrize("path", ["", "withdraw/"])
@pytest.mark.parametrize("roles", [(), (Role.REVIEWER, Role.DECIDER)])
def test_other_peoples_applications_are_not_there(path: str, roles: tuple[Role, ...], client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family())
    client.force_login(make_staff("cy", *roles))
    for number in (case.number, "GH-2026-77777"):
        assert client.get(f"/applications/{number}/{path}").status_code == 404
    assert client.post(f"/applications/{case.number}/withdraw/").status_code == 404
    assert Application.objects.get().state == State.SUBMITTED


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family())
    for path in ("/applications/", f"/applications/{case.number}/"):
        assertRedirects(client.get(path), f"/account/login/?next={path}", fetch_redirect_response=False)


def test_the_list_shows_ones_own_newest_first(ada: User, client: Client) -> None:
    assertContains(client.get("/applications/"), "You have not applied for anything yet")
    mine = [make_application(ada, make_open_family(slug), submitted_at=NOW) for slug in ("toy", "quill")]
    other = make_application(make_user("cy"), mine[0].family)
    text = client.get("/applications/").content.decode()
    assert text.index(str(mine[1].number)) < text.index(str(mine[0].number))
    assert str(other.number) not in text


def test_a_long_list_costs_no_more_queries(ada: User, client: Client) -> None:
    family = make_open_family()
    make_application(ada, family, State.WITHDRAWN)
    with assertNumQueries(4):  # session, person, roles, rows
        client.get("/applications/")
    for _ in range(10):
        make_application(ada, family, State.WITHDRAWN, acceptance=ada.acceptances.first())
    with assertNumQueries(4):
        client.get("/applications/")
