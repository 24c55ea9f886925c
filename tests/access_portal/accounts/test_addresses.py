"""Changing one's e-mail address: by its owner, as a whole, and never in the way of another account."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from access_portal.accounts.models import User
from access_portal.outbox.models import OutboxMail
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.service, pytest.mark.usefixtures("limits")]
PAGE = "/account/email/"


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def confirmed(client: Client, user: User) -> Client:
    """Signed in, and the password given once more."""
    client.force_login(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def test_a_borrowed_browser_adds_no_address(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer = client.post(PAGE, {"action_add": "", "email": "mallory@evil.example"})
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert not EmailAddress.objects.filter(email="mallory@evil.example").exists()


def test_a_proven_address_becomes_the_main_one_and_the_old_one_is_told(client: Client, ada: User) -> None:
    EmailAddress.objects.create(user=ada, email="ada@new.example", verified=True)
    confirmed(client, ada).post(PAGE, {"action_primary": "", "email": "ada@new.example"})
    ada.refresh_from_db()
    assert ada.email == "ada@new.example"
    assert OutboxMail.objects.filter(to="ada@uni.example").exists()


def test_an_address_of_an_unconfirmed_account_is_refused_and_nothing_is_half_done(client: Client, ada: User) -> None:
    squatter = make_user("mallory", verified=False)
    EmailAddress.objects.create(user=ada, email=squatter.email, verified=True)
    answer = confirmed(client, ada).post(PAGE, {"action_primary": "", "email": squatter.email})
    assert answer.status_code == 409
    assert "address_of_other_account" in answer.content.decode()
    assert EmailAddress.objects.get(user=ada, primary=True).email == "ada@uni.example"
