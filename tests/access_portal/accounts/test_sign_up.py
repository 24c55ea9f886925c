"""From the sign-up form to a signed-in person, through the mail in the outbox."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.outbox.commands import deliver_due
from access_portal.outbox.models import OutboxMail
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.service, pytest.mark.usefixtures("limits")]
FORM = {
    "username": "ada",
    "email": "ada@uni.example",
    "full_name": "Ada Example",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def sign_up(client: Client, **changes: str) -> HttpResponse:
    answer: HttpResponse = client.post("/account/signup/", {**FORM, **changes})
    return answer


def sign_in(client: Client, login: str = "ada", password: str = PASSWORD) -> HttpResponse:
    answer: HttpResponse = client.post("/account/login/", {"login": login, "password": password})
    return answer


def link_in(body: str) -> str:
    found = re.search(r"http://testserver(/account/\S+)", body)
    assert found
    return found[1]


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_sign_up_mail_link_and_sign_in(client: Client) -> None:
    assert sign_up(client).status_code == 302
    assert not is_signed_in(client)
    queued = OutboxMail.objects.get()
    assert queued.subject == "Confirm your e-mail address for Gatehouse"
    assert deliver_due(timezone.now()) == 1
    elsewhere = Client()
    assert elsewhere.post(link_in(str(mail.outbox[0].body))).status_code == 302
    assert EmailAddress.objects.get().verified
    sign_in(elsewhere)
    assert is_signed_in(elsewhere)
    ada = User.objects.get()
    assert (ada.username, ada.full_name, ada.email) == ("ada", "Ada Example", "ada@uni.example")


def test_nobody_signs_in_before_the_address_is_proven(client: Client) -> None:
    sign_up(client)
    answer = sign_in(Client())
    assert answer.headers["Location"] == "/account/confirm-email/"
    assert not is_signed_in(client)


def test_opening_the_link_alone_proves_nothing(client: Client) -> None:
    sign_up(client)
    client.get(link_in(OutboxMail.objects.get().sealed_body))
    assert not EmailAddress.objects.get().verified


def test_the_link_is_in_the_mail_and_not_in_its_twin_in_the_portal(client: Client) -> None:
    sign_up(client)
    queued = OutboxMail.objects.get()
    key = link_in(queued.sealed_body).split("/")[-2]
    assert len(key) > 20
    assert key not in queued.body
    assert "(shown only in the mail itself)" in queued.body
    assert queued.user == User.objects.get()
    deliver_due(timezone.now())
    queued.refresh_from_db()
    assert queued.sealed_body == ""


@pytest.mark.parametrize("name", ["Ada", "ADA"])
def test_a_user_name_is_kept_in_lower_case_and_found_in_any(name: str, client: Client) -> None:
    sign_up(client, username=name)
    EmailAddress.objects.update(verified=True)
    assert User.objects.get().username == "ada"
    sign_in(client, "aDa")
    assert is_signed_in(client)


BAD_FORMS = [
    {"username": "ad"},
    {"username": "ada lovelace"},
    {"username": "-ada"},
    {"username": "àda"},
    {"username": "a" * 40},
    {"username": "admin"},
    {"username": "Gatehouse"},
    {"username": ""},
    {"email": ""},
    {"email": "ada"},
    {"email": "ada@uni.example\nBcc: x@y.example"},
    {"full_name": ""},
    {"full_name": "x" * 201},
    {"password1": "short", "password2": "short"},
    {"password1": "ada@uni.example", "password2": "ada@uni.example"},
    {"password2": "another horse battery"},
]


@pytest.mark.parametrize("changes", BAD_FORMS, ids=str)
def test_a_form_that_cannot_be_used_makes_nobody(changes: dict[str, str], client: Client) -> None:
    assert sign_up(client, **changes).status_code == 200
    assert not User.objects.exists()
    assert not OutboxMail.objects.exists()


def test_a_taken_user_name_is_refused_in_any_case(client: Client) -> None:
    make_user("ada")
    assert sign_up(client, username="ADA", email="other@uni.example").status_code == 200
    assert User.objects.count() == 1


def test_a_known_address_answers_like_an_unknown_one_and_its_owner_is_told(client: Client) -> None:
    owner = make_user("owner", last_login=timezone.now())
    User.objects.filter(pk=owner.pk).update(email="ada@uni.example")
    EmailAddress.objects.update(email="ada@uni.example")
    known = sign_up(client)
    unknown = sign_up(Client(), username="cyd", email="cyd@uni.example")
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert OutboxMail.objects.get(to="ada@uni.example").user == owner
    assert not User.objects.filter(username="ada").exists()


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: Client) -> None:
    make_user("ada")
    client.post("/account/password/reset/", {"email": "ada@uni.example"})
    queued = OutboxMail.objects.get()
    link = link_in(queued.sealed_body)
    assert link.split("/")[-2] not in queued.body
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "a new horse battery", "password2": "a new horse battery"})
    sign_in(client, password="a new horse battery")
    assert is_signed_in(client)
    assert 'name="password1"' not in Client().get(link, follow=True).content.decode()
    assert OutboxMail.objects.filter(user__username="ada").count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_name_taken_twice_at_once_makes_one_person() -> None:
    start = threading.Barrier(2)
    statuses: list[int] = []

    def run(change: Callable[[], HttpResponse]) -> None:
        start.wait()
        statuses.append(change().status_code)
        connection.close()

    calls = [lambda e=e: sign_up(Client(), email=e) for e in ("a@uni.example", "b@uni.example")]
    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    assert sorted(statuses) in ([200, 302], [302, 409])


def test_guessing_passwords_is_stopped_even_for_the_right_one(client: Client) -> None:
    make_user("ada")
    for _ in range(5):
        assert "wrong too often" not in sign_in(client, password="wrong").content.decode()
    answer = sign_in(client)
    assert "That was wrong too often" in answer.content.decode()
    assert not is_signed_in(client)
