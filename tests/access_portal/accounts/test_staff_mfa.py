"""Staff need a second factor before anything but the pages that set one up; others are left alone."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient, Client
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
SETUP = "/account/2fa/totp/activate/"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", ["/grants/", "/account/tokens/", "/account/messages/"])
def test_staff_without_a_second_factor_are_led_to_its_set_up(role: Role, path: str, client: Client) -> None:
    client.force_login(make_user("ben", role))
    for answer in (client.get(path), client.post(path)):
        assert (answer.status_code, answer.headers["Location"]) == (302, SETUP)


@pytest.mark.service
@pytest.mark.usefixtures("limits")
def test_they_are_told_why_and_get_there_by_their_password(client: Client) -> None:
    make_user("ben", Role.REVIEWER)
    client.post("/account/login/", {"login": "ben", "password": PASSWORD})
    page = client.get("/grants/", follow=True)
    assert "your account needs a second factor" in page.content.decode()
    asked_at, _status = page.redirect_chain[-1]
    setup = client.post(asked_at, {"password": PASSWORD}, follow=True)
    assert setup.request["PATH_INFO"] == SETUP
    assert 'name="code"' in setup.content.decode()


@pytest.mark.parametrize("path", ["/account/logout/", "/account/password/change/", "/account/2fa/", "/__version__"])
def test_pages_that_lead_out_stay_open(path: str, client: Client) -> None:
    client.force_login(make_user("ben", Role.REVIEWER))
    assert client.get(path).headers.get("Location", "") != SETUP


def test_the_language_can_be_chosen_before(client: Client) -> None:
    client.force_login(make_user("ben", Role.REVIEWER))
    answer = client.post("/language/", {"language": "ms", "next": "/account/2fa/"})
    assert answer.headers["Location"] == "/account/2fa/"
    assert answer.cookies["django_language"].value == "ms"


def test_a_second_factor_opens_everything(client: Client) -> None:
    ben = make_user("ben", Role.REVIEWER)
    TOTP.activate(ben, generate_totp_secret())
    client.force_login(ben)
    assert client.get("/grants/").status_code == 200


def test_people_without_a_role_are_left_alone(client: Client) -> None:
    client.force_login(make_user("ada"))
    assert client.get("/grants/").status_code == 200


def test_a_role_given_while_signed_in_counts_at_once(client: Client) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    assert client.get("/grants/").status_code == 200
    ada.roles.create(role=Role.AUDITOR)
    assert client.get("/grants/").status_code == 302


def test_a_stranger_costs_no_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert client.get("/grants/").headers["Location"].startswith("/account/login/")


@pytest.mark.django_db(transaction=True)
def test_it_holds_under_asgi_too() -> None:
    ben, ada = make_user("ben", Role.REVIEWER), make_user("ada")

    async def answer(user: User) -> HttpResponse:
        client = AsyncClient()
        await client.aforce_login(user)
        return await client.get("/grants/")

    assert async_to_sync(answer)(ben).headers["Location"] == SETUP
    assert async_to_sync(answer)(ada).status_code == 200
