"""The page on which a person answers a program: it shows who asks, warns, and takes no for an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from access_portal.accounts.devices import commands
from access_portal.accounts.devices.limits import GUESSES
from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.models import Role, User
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/activate/"
Ask = Callable[..., str]


@pytest.fixture(autouse=True)
def _counts(redis_server: redis.Redis) -> None:
    redis_server.flushall()


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada")
    client.force_login(user)
    return user


def ask(**changes: Any) -> str:
    """The user code of a program that waits."""
    words = {"client_name": "gatehouse", "scopes": ["read", "download"], "address": "127.0.0.1", "user_agent": "curl"}
    return commands.ask(**{**words, "now": timezone.now(), **changes})[2]


def answer(client: Client, code: str, what: str = "allow", **changes: Any) -> Any:
    form = {"code": code, "answer": what, "scopes": ["read"], "name": "laptop", "days": "30", "mine": "on"}
    return client.post(PAGE, {**form, **changes})


def state() -> str:
    return DeviceRequest.objects.get().state


def test_a_person_types_the_code_and_allows_less_than_was_asked(ada: User, client: Client) -> None:
    code = ask()
    shown = client.post(PAGE, {"code": f"{code[:4].lower()} {code[4:]}"})
    assert (shown.status_code, "gatehouse" in shown.content.decode()) == (200, True)
    assert (answer(client, code)["Location"], state()) == ("/account/tokens/", "allowed")
    assert DeviceRequest.objects.get().given_scopes == ["read"]


def test_the_link_only_fills_the_code_in(ada: User, client: Client) -> None:
    shown = client.get(PAGE, {"code": ask()})
    assert (shown.status_code, state()) == (200, "waiting")
    assert "no-store" in shown["Cache-Control"]


def test_the_program_is_refused_without_filling_in_the_form(ada: User, client: Client) -> None:
    assert client.post(PAGE, {"code": ask(), "answer": "refuse"})["Location"] == "/account/tokens/"
    assert state() == "refused"


INCOMPLETE = [{"mine": ""}, {"scopes": []}, {"scopes": ["jobs"]}, {"name": ""}, {"days": "0"}, {"days": "x"}]


@pytest.mark.parametrize("changes", INCOMPLETE, ids=str)
def test_an_answer_that_is_not_whole_allows_nothing(changes: dict[str, Any], ada: User, client: Client) -> None:
    assert (answer(client, ask(), **changes).status_code, state()) == (422, "waiting")


@pytest.mark.parametrize(("address", "warned"), [("127.0.0.1", False), ("203.0.113.9", True), (None, True)])
def test_the_page_says_from_where_it_was_asked(address: str, warned: bool, ada: User, client: Client) -> None:
    page = client.get(PAGE, {"code": ask(address=address)}).content.decode()
    assert ("from another place than you" in page) == warned
    assert (address or "could not see") in page


def test_a_hostile_name_stays_a_name(ada: User, client: Client) -> None:
    code = ask(client_name="<script>alert(1)</script>\u202e", user_agent="<img src=x onerror=y>\u2066")
    page = client.get(PAGE, {"code": code}).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search("<script>alert|<img src=x|\u202e|\u2066", page)


def test_what_is_not_offered_is_named(ada: User, client: Client) -> None:
    code = ask(scopes=["read", "review"])
    page = client.get(PAGE, {"code": code}).content.decode()
    assert "which it will not get" in page
    assert 'value="review"' not in page
    assert (answer(client, code, scopes=["review"]).status_code, state()) == (422, "waiting")


def test_staff_see_what_they_may_give(client: Client) -> None:
    client.force_login(make_staff("ben", Role.DECIDER))
    page = client.get(PAGE, {"code": ask(scopes=["review"])}).content.decode()
    assert ('value="review"' in page, "which it will not get" in page) == (True, False)


def test_staff_without_the_second_factor_set_it_up_first(client: Client) -> None:
    client.force_login(make_user("ben", Role.DECIDER))
    assert answer(client, ask())["Location"] == "/account/2fa/totp/activate/"
    assert state() == "waiting"


@pytest.mark.parametrize("code", ["", "x", "BBBB-BBBA", "\0", "B" * 300, "<b>"], ids=ascii)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_no_code_is_no_guess(code: str, method: str, ada: User, client: Client) -> None:
    for _ in range(GUESSES.most + 1):
        assert getattr(client, method)(PAGE, {"code": code}).status_code == 422


def test_guessing_ends(ada: User, client: Client) -> None:
    statuses = [client.get(PAGE, {"code": "BBBB-BBBB"}).status_code for _ in range(GUESSES.most + 1)]
    assert statuses == [404] * GUESSES.most + [429]
    code = ask()
    assert (answer(client, code).status_code, state()) == (429, "waiting")
    assert client.get(PAGE).status_code == 200


def test_a_code_that_was_answered_looks_like_one_that_never_was(ada: User, client: Client) -> None:
    code = ask()
    answer(client, code)
    pages = [client.get(PAGE, {"code": one}) for one in (code, "BBBB-BBBB")]
    assert [page.status_code for page in pages] == [404, 404]
    assert [("never was" in page.content.decode(), "was answered" in page.content.decode()) for page in pages] == [
        (False, True)
    ] * 2
    assert answer(client, code, "refuse").status_code == 404
    assert state() == "allowed"


def test_a_stranger_signs_in_first_and_comes_back_to_the_code(client: Client) -> None:
    address = client.get(PAGE, {"code": "WDJB-MJHT"})["Location"]
    assert address == "/account/login/?next=/activate/%3Fcode%3DWDJB-MJHT"
    assert answer(client, ask()).status_code == 302
    assert state() == "waiting"


def test_nobody_is_signed_in_by_a_form_on_another_site(ada: User) -> None:
    foreign = Client(enforce_csrf_checks=True)
    foreign.force_login(ada)
    assert (answer(foreign, ask()).status_code, state()) == (403, "waiting")
