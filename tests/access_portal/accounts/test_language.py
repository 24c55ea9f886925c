"""The language that a person chose is remembered, and our mail is written in it."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter
from django.test import Client, RequestFactory
from django.utils import translation

from access_portal.accounts.commands import set_language
from access_portal.accounts.models import User
from access_portal.errors import InvalidError
from access_portal.outbox.models import OutboxMail
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def choose(client: Client, language: str) -> int:
    return client.post("/language/", {"language": language, "next": "/account/"}).status_code


def test_the_choice_of_a_person_signed_in_is_remembered(client: Client) -> None:
    ada, cy = make_user("ada"), make_user("cy")
    client.force_login(ada)
    assert choose(client, "ms") == 302
    assert User.objects.get(pk=ada.pk).language == "ms"
    assert User.objects.get(pk=cy.pk).language == "en"


def test_a_stranger_chooses_for_the_browser_alone(client: Client) -> None:
    assert choose(client, "ms") == 302
    assert client.cookies["django_language"].value == "ms"


@pytest.mark.parametrize("language", ["", "xx", "ms\nBcc: x", "m" * 5_000, "fr", "\x00"])
def test_a_language_that_is_not_spoken_here_changes_nothing(client: Client, language: str) -> None:
    ada = make_user("ada", language="ms")
    client.force_login(ada)
    assert choose(client, language) == 302
    assert User.objects.get(pk=ada.pk).language == "ms"
    with pytest.raises(InvalidError, match="language_unknown"):
        set_language(actor=ada, language=language)


def test_looking_at_the_address_chooses_nothing(client: Client) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    client.get("/language/?language=ms")
    assert User.objects.get(pk=ada.pk).language == "en"


@pytest.mark.service
@pytest.mark.usefixtures("limits")
def test_whoever_signs_up_is_written_to_in_the_language_of_the_page(client: Client) -> None:
    choose(client, "ms")
    answers = {"email": "dee@uni.example", "username": "dee", "full_name": "Dee\nExample"}
    client.post("/account/signup/", {**answers, "password1": PASSWORD, "password2": PASSWORD})
    dee = User.objects.get(username="dee")
    assert (dee.language, dee.full_name) == ("ms", "Dee Example")


@pytest.mark.parametrize("asked_in", ["en", "ms"])
def test_mail_about_an_account_is_in_the_language_of_its_owner(rf: RequestFactory, asked_in: str) -> None:
    ada = make_user("ada", language="ms")
    context = {"password_reset_url": "http://testserver/x/", "key": "x", "uid": "1"}
    with translation.override(asked_in):
        get_adapter(rf.get("/")).send_mail("account/email/password_reset_key", ada.email, context)
    with translation.override("ms"):
        get_adapter(rf.get("/")).send_mail("account/email/password_reset_key", "nobody@uni.example", context)
    ours, expected = OutboxMail.objects.order_by("pk")
    assert ours.subject == expected.subject
