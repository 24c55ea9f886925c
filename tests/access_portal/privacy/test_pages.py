"""The pages about one's own data."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import InvalidError
from access_portal.privacy.commands import correct_profile
from tests.access_portal.applications.scenes import make_open_family, make_staff, submit
from tests.access_portal.privacy.scenes import NOW, furnish
from tests.factories import make_grant, make_user
from tests.journeys.looking import just_signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server", "redis_server")]
LEAVE = "/account/delete/"


def test_a_name_is_corrected_on_one_line_with_an_event_that_does_not_hold_it(client: Client) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    client.post(reverse("profile"), {"full_name": "  Ada\u202e King\nLovelace ", "language": "ms"})
    ada.refresh_from_db()
    assert (ada.full_name, ada.language) == ("Ada King Lovelace", "ms")
    assert Event.objects.get(name="profile_corrected").data == {"changed": ["full_name", "language"]}


@pytest.mark.parametrize(
    ("name", "language", "code"),
    [
        ("", "en", "name_missing"), (" \u200f\n", "en", "name_missing"), ("x" * 201, "en", "name_too_long"),
        ("Ada", "tlh", "language_unknown"), ("Ada", "", "language_unknown"),
    ],
)  # fmt: skip
def test_what_is_no_name_or_language_is_refused(name: str, language: str, code: str) -> None:
    with pytest.raises(InvalidError) as caught:
        correct_profile(actor=make_user("ada"), full_name=name, language=language, now=NOW)
    assert caught.value.code == code
    assert not Event.objects.filter(name="profile_corrected").exists()


@pytest.mark.parametrize("form", [{}, {"full_name": "\n"}, {"full_name": "x" * 5_000_0, "language": "en"}])
def test_a_form_that_cannot_be_used_comes_back(client: Client, form: dict[str, str]) -> None:
    client.force_login(make_user("ada"))
    assert client.post(reverse("profile"), form).status_code == 422


def test_the_same_again_leaves_no_event() -> None:
    ada = make_user("ada")
    correct_profile(actor=ada, full_name=ada.full_name, language="en", now=NOW)
    assert not Event.objects.exists()


def test_what_was_sent_keeps_the_name_of_then() -> None:
    ada = make_user("ada")
    case = submit(ada, make_open_family(), now=NOW)
    correct_profile(actor=ada, full_name="Countess of Lovelace", language="en", now=NOW)
    assert case.sent_rounds.get().answers == case.answers


def test_the_page_names_every_section_of_the_export(client: Client) -> None:
    zelda = furnish()
    client.force_login(zelda)
    page = client.get(reverse("my_data")).content.decode()
    for words in ("Your applications", "Signed receipts", "Your jobs", "What happened, and when", "left out"):
        assert words in page
    assert "We hold nothing of this kind." in page


def test_pages_want_somebody_signed_in(client: Client) -> None:
    for name in ("profile", "my_data", "delete_account", "retention"):
        assert reverse("account_login") in client.get(reverse(name))["Location"]


def test_leaving_wants_the_password_first(client: Client) -> None:
    client.force_login(make_user("ada"))
    assert reverse("account_reauthenticate") in client.get(LEAVE)["Location"]
    assert reverse("account_reauthenticate") in client.post(LEAVE, {"user_name": "ada"})["Location"]
    assert User.objects.filter(username="ada").exists()


def test_leaving_wants_the_user_name(client: Client) -> None:
    just_signed_in(client, make_user("ada"))
    for typed in ("", "eve", "a d a", "\x00", "x" * 9999):
        assert client.post(LEAVE, {"user_name": typed}).status_code == 422
    assert User.objects.get(username="ada").is_active


def test_whoever_typed_the_name_is_gone_and_signed_out(client: Client) -> None:
    ada = make_user("ada")
    just_signed_in(client, ada)
    answer = client.post(LEAVE, {"user_name": " Ada "}, follow=True)
    assert "The account is closed" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert not User.objects.get(pk=ada.pk).is_active


def test_the_page_says_what_has_to_be_settled_and_offers_no_button(client: Client) -> None:
    ada = make_user("ada")
    grant = make_grant(ada, make_open_family())
    just_signed_in(client, ada)
    page = client.get(LEAVE).content.decode()
    assert str(grant.number) in page
    assert 'name="user_name"' not in page
    answer = client.post(LEAVE, {"user_name": "ada"})
    assert (answer.status_code, "grant_live" in answer.content.decode()) == (409, True)


def test_staff_are_told_why_they_cannot_leave(client: Client) -> None:
    just_signed_in(client, make_staff("ben", Role.REVIEWER))
    assert "your account holds a role" in client.get(LEAVE).content.decode()
