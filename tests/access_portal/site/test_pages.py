"""Home, menu and error pages, without a browser."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role
from access_portal.licences.commands import publish_version
from access_portal.licences.models import Licence
from tests.factories import make_acceptance, make_family, make_grant, make_user

pytestmark = pytest.mark.django_db


def test_home_tells_a_stranger_the_three_steps(client: Client) -> None:
    page = client.get("/").content.decode()
    for word in ("Apply", "Download", "Run"):
        assert f"<h3>{word}</h3>" in page


def test_home_tells_a_newcomer_in_the_words_of_the_policy_what_is_missing(client: Client) -> None:
    client.force_login(make_user("cy"))
    assert "You have no licence for any model." in client.get("/").content.decode()


def test_home_shows_a_grant_and_that_it_opens_the_door(client: Client) -> None:
    ada = make_user("ada")
    grant = make_grant(ada, make_family())
    client.force_login(ada)
    page = client.get("/").content.decode()
    assert str(grant.number) in page
    assert "You have access" in page


def test_home_does_not_promise_access_on_a_suspended_grant(client: Client) -> None:
    ada = make_user("ada")
    make_grant(ada, make_family(), state="suspended", state_reason="Questions are open.")
    client.force_login(ada)
    page = client.get("/").content.decode()
    assert "You have access" not in page
    assert "Questions are open." in page


@pytest.mark.parametrize(("days", "words"), [(-1, "waits until you accept it"), (9, "nothing is interrupted")])
def test_home_says_that_a_new_text_waits_for_an_answer(client: Client, days: int, words: str) -> None:
    ada, now = make_user("ada"), timezone.now()
    licence = Licence.objects.create(slug="research", title="Research licence")
    about: dict[str, Any] = {"licence": licence, "summary": [], "actor": None}
    make_acceptance(ada, publish_version(number="1", text="One.", now=now - timedelta(days=60), **about))
    by = now + timedelta(days=days)
    publish_version(number="2", text="Two.", now=now - timedelta(days=30), reconsent_by=by, **about)
    client.force_login(ada)
    assert words in client.get("/").content.decode()


@pytest.mark.parametrize(("roles", "shown"), [((), False), ((Role.REVIEWER,), True), ((Role.OPERATOR,), False)])
def test_only_those_who_review_see_the_door_to_the_queue(client: Client, roles: tuple[Role, ...], shown: bool) -> None:
    client.force_login(make_user("ben", *roles))
    page = client.get("/account/password/change/").content.decode()
    assert ('href="/review/"' in page) is shown


def test_the_account_page_asks_to_sign_in(client: Client) -> None:
    assert client.get("/account/").headers["Location"].startswith("/account/login/")


def test_a_page_for_buttons_only_says_so_and_keeps_the_allow_header(client: Client) -> None:
    response = client.post("/robots.txt", headers={"accept": "text/html"})
    assert response.status_code == 405
    assert "This address is not a page" in response.content.decode()
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_form_without_its_token_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/language/", {"language": "ms"})
    assert response.status_code == 403
    assert "That form was too old" in response.content.decode()


def test_an_unknown_host_is_told_so_without_a_database(client: Client) -> None:
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "We could not read that request" in response.content.decode()


def test_the_page_for_our_own_faults_needs_nothing_of_ours() -> None:
    page = render_to_string("500.html")
    assert "Something broke here" in page
    assert "{%" not in page


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_changing_the_language_leads_nowhere_else(client: Client, target: str) -> None:
    response = client.post("/language/", {"language": "ms", "next": target})
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/", "/account/login/", "/nowhere/"])
def test_no_page_carries_inline_script_or_style(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert "style=" not in page
    assert "<script>" not in page


def test_only_a_demonstration_says_that_it_is_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "made up" not in client.get("/").content.decode()
    monkeypatch.setattr(settings, "DEMO", True)
    assert "made up" in client.get("/").content.decode()


def test_a_chosen_language_is_the_language_of_the_next_page(client: Client) -> None:
    client.post("/language/", {"language": "ms", "next": "/"})
    page = client.get("/").content.decode()
    assert '<html lang="ms">' in page
    assert "Terus ke kandungan" in page
