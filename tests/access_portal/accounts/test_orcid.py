"""Signing in with ORCID and linking an iD, against a small ORCID that can misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from pytest_django import Settings

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.accounts.queries import orcid_of
from access_portal.audit.models import Event
from access_portal.outbox.models import OutboxMail
from tests.access_portal.accounts.fake_orcid import ADA, CLIENT_ID, CLIENT_SECRET, OTHER, FakeOrcid
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.service, pytest.mark.usefixtures("limits")]
LOGIN = "/account/orcid/login/"
LINKS = "/account/3rdparty/"


@pytest.fixture
def orcid(settings: Settings) -> Iterator[FakeOrcid]:
    server = FakeOrcid()
    settings.ORCID_CLIENT_ID, settings.ORCID_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.ORCID_DOMAIN = server.domain
    yield server
    server.shutdown()
    server.server_close()


def to_orcid(client: Client, process: str = "login") -> str:
    """Press the button; the address of our own to which ORCID sends the browser back."""
    gone = client.post(f"{LOGIN}?process={process}")
    assert gone.status_code == 302
    back = httpx.get(gone.headers["Location"]).headers["Location"]
    assert back.startswith("http://testserver/account/orcid/login/callback/?")
    return str(back).removeprefix("http://testserver")


def come_back(client: Client, process: str = "login") -> Any:
    return client.get(to_orcid(client, process))


def sign_in(client: Client, user: User) -> None:
    """Signed in, and the password given once more."""
    client.force_login(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def link(client: Client, user: User) -> Any:
    sign_in(client, user)
    return come_back(client, "connect")


def who(client: Client) -> int | None:
    key = client.session.get("_auth_user_id")
    return int(key) if key else None


def test_an_id_is_linked_on_record_and_told_by_mail(client: Client, orcid: FakeOrcid) -> None:
    ada = make_user("ada")
    answer = link(client, ada)
    assert answer.headers["Location"] == LINKS
    assert orcid_of(ada) == ADA
    assert Event.objects.get(subject=f"user:{ada.pk}", name="orcid_linked").data == {"provider": "orcid"}
    assert ADA in OutboxMail.objects.get(user=ada).body
    assert ADA in client.get(LINKS).content.decode()


def test_no_more_is_kept_than_the_id_and_the_public_name(client: Client, orcid: FakeOrcid) -> None:
    link(client, make_user("ada"))
    assert SocialAccount.objects.get().extra_data == {"name": "Ada Lovelace"}
    assert not SocialToken.objects.exists()


def test_a_linked_id_signs_in(client: Client, orcid: FakeOrcid) -> None:
    ada = make_user("ada")
    link(client, ada)
    client.logout()
    come_back(client)
    assert who(client) == ada.pk


def test_a_borrowed_browser_links_nothing(client: Client, orcid: FakeOrcid) -> None:
    client.force_login(make_user("ada"))
    answer = come_back(client, "connect")
    assert urlsplit(answer.headers["Location"]).path == "/account/reauthenticate/"
    assert not SocialAccount.objects.exists()
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert SocialAccount.objects.get().uid == ADA


def test_who_is_not_signed_in_links_nothing(client: Client, orcid: FakeOrcid) -> None:
    come_back(client, "connect")
    assert not SocialAccount.objects.exists()


def test_an_account_with_the_address_of_the_record_is_not_linked_by_itself(client: Client, orcid: FakeOrcid) -> None:
    ada = make_user("ada")  # the record says ada@uni.example, verified
    answer = come_back(client)
    assert answer.headers["Location"] == "/account/3rdparty/signup/"
    assert who(client) is None
    assert orcid_of(ada) == ""
    assert "ada@uni.example" not in client.get("/account/3rdparty/signup/").content.decode()


def test_an_id_of_somebody_else_is_not_linked_again(client: Client, orcid: FakeOrcid) -> None:
    ada, mallory = make_user("ada"), make_user("mallory")
    link(client, ada)
    client.logout()
    answer = link(client, mallory)
    assert "linked with another account" in client.get(answer.headers["Location"]).content.decode()
    assert SocialAccount.objects.get().user == ada
    assert who(client) == mallory.pk


@pytest.mark.parametrize("fault", ["token", "token_text", "no_id", "path_id", "record", "other_record"])
def test_a_faulty_answer_changes_nothing_and_is_no_trace(client: Client, orcid: FakeOrcid, fault: str) -> None:
    ada = make_user("ada")
    orcid.fault = fault
    answer = link(client, ada)
    assert answer.status_code == 401
    assert "did not answer as it should" in answer.content.decode()
    assert not SocialAccount.objects.exists()
    assert all("/x" not in path for path in orcid.asked)


def test_an_orcid_that_is_down_is_said_plainly(client: Client, orcid: FakeOrcid) -> None:
    back = to_orcid(client)
    orcid.shutdown()
    orcid.server_close()
    assert client.get(back).status_code == 401


@pytest.mark.parametrize("process", ["login", "connect"])
def test_a_no_at_orcid_is_a_no(client: Client, orcid: FakeOrcid, process: str) -> None:
    sign_in(client, make_user("ada"))
    orcid.fault = "denied"
    answer = client.get(come_back(client, process).headers["Location"])
    assert "nothing was done" in answer.content.decode()
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("state", ["", "wrong", "%00"])
def test_an_answer_that_was_not_asked_for_is_not_believed(client: Client, orcid: FakeOrcid, state: str) -> None:
    code = to_orcid(client).split("code=")[1].split("&")[0]
    answer = client.get(f"/account/orcid/login/callback/?code={code}&state={state}")
    assert answer.status_code == 401
    assert who(client) is None
    assert not any(path.startswith("/v3.0") for path in orcid.asked)


def test_the_way_back_of_one_browser_leads_nowhere_in_another(client: Client, orcid: FakeOrcid) -> None:
    back = to_orcid(client)
    assert Client().get(back).status_code == 401


def test_the_way_back_is_gone_once(client: Client, orcid: FakeOrcid) -> None:
    back = to_orcid(client)
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 401


def test_looking_at_the_page_goes_nowhere(client: Client, orcid: FakeOrcid) -> None:
    assert client.get(LOGIN).status_code == 200
    assert orcid.asked == []


SIGNUP = {
    "username": "ada", "email": "ada@uni.example", "full_name": "Ada Example", "password1": PASSWORD,
    "password2": PASSWORD,
}  # fmt: skip


def test_a_newcomer_fills_in_the_normal_form_and_confirms_an_address(client: Client, orcid: FakeOrcid) -> None:
    come_back(client)
    assert "Ada Lovelace" in client.get("/account/3rdparty/signup/").content.decode()
    client.post("/account/3rdparty/signup/", SIGNUP)
    ada = User.objects.get()
    assert (ada.full_name, ada.check_password(PASSWORD), orcid_of(ada)) == ("Ada Example", True, ADA)
    assert not EmailAddress.objects.get(user=ada).verified
    assert who(client) is None
    come_back(client)
    assert who(client) is None, "the address is not confirmed yet"


@pytest.mark.parametrize(
    "changes",
    [{"password1": ""}, {"password1": "12345", "password2": "12345"}, {"email": ""}, {"username": ""}],
    ids=str,
)
def test_the_form_asks_of_newcomers_what_it_asks_of_everybody(
    client: Client, orcid: FakeOrcid, changes: dict[str, str]
) -> None:
    come_back(client)
    client.post("/account/3rdparty/signup/", {**SIGNUP, **changes})
    assert not User.objects.exists()


def test_a_taken_address_makes_no_second_account_and_is_not_given_away(client: Client, orcid: FakeOrcid) -> None:
    make_user("bea")
    come_back(client)
    client.post("/account/3rdparty/signup/", {**SIGNUP, "email": "bea@uni.example"})
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_staff_need_their_second_factor_all_the_same(client: Client, orcid: FakeOrcid) -> None:
    ben = make_user("ben")
    link(client, ben)
    RoleAssignment.objects.create(user=ben, role=Role.REVIEWER)
    TOTP.activate(ben, generate_totp_secret())
    client.logout()
    answer = come_back(client)
    assert answer.headers["Location"] == "/account/2fa/authenticate/"
    assert who(client) is None


def test_a_closed_account_stays_closed(client: Client, orcid: FakeOrcid) -> None:
    ada = make_user("ada")
    link(client, ada)
    client.logout()
    User.objects.update(is_active=False)
    come_back(client)
    assert who(client) is None


def test_an_id_is_unlinked_on_record(client: Client, orcid: FakeOrcid) -> None:
    ada = make_user("ada")
    link(client, ada)
    client.post(LINKS, {"account": SocialAccount.objects.get().pk})
    assert orcid_of(ada) == ""
    assert Event.objects.get(name="orcid_unlinked").data == {"provider": "orcid"}
    client.logout()
    come_back(client)
    assert who(client) is None


def test_nobody_unlinks_for_another(client: Client, orcid: FakeOrcid) -> None:
    link(client, make_user("ada"))
    account = SocialAccount.objects.get()
    client.logout()
    sign_in(client, make_user("mallory"))
    client.post(LINKS, {"account": account.pk})
    assert SocialAccount.objects.filter(pk=account.pk).exists()


def test_our_page_asks_for_no_more_than_the_id_whatever_its_address_says(client: Client, orcid: FakeOrcid) -> None:
    gone = client.post(f"{LOGIN}?scope=/activities/update&auth_params=prompt%3Dnone%26client_id%3Devil")
    assert "update" not in gone.headers["Location"]
    assert "evil" not in gone.headers["Location"]


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example/"])
def test_the_way_back_leads_to_no_other_site(client: Client, orcid: FakeOrcid, next_page: str) -> None:
    ada = make_user("ada")
    link(client, ada)
    client.logout()
    gone = client.post(LOGIN, {"next": next_page})
    back = str(httpx.get(gone.headers["Location"]).headers["Location"]).removeprefix("http://testserver")
    assert "evil" not in client.get(back).headers["Location"]
    assert who(client) == ada.pk


def test_a_name_on_a_record_is_kept_on_one_line(client: Client, orcid: FakeOrcid) -> None:
    orcid.name = "Ada\r\nSubject: x \u202e<b>" + "A" * 5000
    link(client, make_user("ada"))
    name = SocialAccount.objects.get().extra_data["name"]
    assert name.startswith("Ada Subject: x <b>A")
    assert len(name) == 200


def test_without_credentials_there_is_no_button_and_no_way(client: Client) -> None:
    assert "ORCID" not in client.get("/account/login/").content.decode()
    assert client.post(LOGIN).status_code == 404
    assert client.get("/account/orcid/login/callback/?code=x&state=y").status_code == 404
    client.force_login(make_user("ada"))
    assert "Link my ORCID" not in client.get(LINKS).content.decode()
    assert "ORCID" not in client.get("/account/").content.decode()


def test_two_ids_of_two_people_stay_apart(client: Client, orcid: FakeOrcid) -> None:
    ada, bea = make_user("ada"), make_user("bea")
    link(client, ada)
    client.logout()
    orcid.orcid = OTHER
    link(client, bea)
    assert (orcid_of(ada), orcid_of(bea)) == (ADA, OTHER)
