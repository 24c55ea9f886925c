"""The page that stops everything: a look first, then one button; and the list of what is stopped."""

from __future__ import annotations

import pytest
from django.test import Client

from access_portal.accounts.models import Role, User
from access_portal.grants.models import Stop
from release.models import Family
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_family, make_grant, make_user

pytestmark = pytest.mark.django_db
PAGE = "/office/stop/"


@pytest.fixture
def family() -> Family:
    return make_family()


@pytest.fixture
def ada(family: Family) -> User:
    ada = make_user("ada")
    make_grant(ada, family)
    return ada


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_staff("gus", Role.OPERATOR))
    return client


ASKED = {"scope": "person", "person": "ADA@uni.example", "reason": "<i>A leak</i>"}


def test_a_look_stops_nothing_and_the_button_does(office: Client, ada: User) -> None:
    page = office.post(PAGE, ASKED).content.decode()
    assert "Ada Example (ada)" in page
    assert "&lt;i&gt;A leak" in page
    assert not Stop.objects.exists()
    after = office.post(PAGE, {**ASKED, "confirm": "1"}, follow=True)
    assert Stop.objects.get().user == ada
    assert after.redirect_chain == [(PAGE, 302)]
    assert "It is stopped." in after.content.decode()
    again = office.post(PAGE, {**ASKED, "confirm": "1"})
    assert (again.status_code, Stop.objects.count()) == (409, 1)


def test_lifting_asks_for_a_reason(office: Client, ada: User) -> None:
    office.post(PAGE, {**ASKED, "confirm": "1"})
    stop = Stop.objects.get()
    assert office.post(f"{PAGE}{stop.pk}/lift/", {"reason": " "}).status_code == 400
    assert office.post(f"{PAGE}{stop.pk}/lift/", {"reason": "Mended."}).headers["Location"] == PAGE
    assert office.post(f"{PAGE}{stop.pk}/lift/", {"reason": "Twice."}).status_code == 409
    stop.refresh_from_db()
    assert stop.lift_reason == "Mended."
    assert "Nothing is stopped." in office.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"person": "nobody"}, "Nobody here has"),
        ({"person": ""}, "Nobody here has"),
        ({"person": "a\0da"}, "Null characters"),
        ({"scope": "lab", "lab": "GR-99999"}, "No lab has"),
        ({"scope": "lab", "lab": ""}, "No lab has"),
        ({"scope": "family", "family": "none"}, "Select a valid choice"),
        ({"scope": "family"}, "Choose the family"),
        ({"scope": "everything"}, "Select a valid choice"),
        ({"scope": ""}, "This field is required"),
        ({"reason": " "}, "This field is required"),
        ({"reason": "x" * 2001}, "at most 2000"),
    ],
)
def test_what_cannot_be_stopped_is_said_beside_the_field(
    office: Client, ada: User, asked: dict[str, str], words: str
) -> None:
    answer = office.post(PAGE, {**ASKED, "confirm": "1", **asked})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Stop.objects.exists()


@pytest.mark.parametrize("scope", ["lab", "family", "house"])
def test_labs_families_and_the_house_are_stopped_too(office: Client, family: Family, scope: str) -> None:
    lab = make_grant(make_user("pia"), family, kind="lab", lab_name="Pia's <lab>")
    asked = {"scope": scope, "lab": str(lab.number).lower(), "family": family.slug, "reason": "A leak."}
    assert "Pia Example (pia)" in office.post(PAGE, asked).content.decode()
    page = office.post(PAGE, {**asked, "confirm": "1"}, follow=True).content.decode()
    assert Stop.objects.get().scope == scope
    assert "A leak." in page
    assert "<lab>" not in page


@pytest.mark.parametrize("role", [None, Role.REVIEWER, Role.RELEASE_MANAGER, Role.AUDITOR])
def test_it_is_not_for_others(client: Client, ada: User, role: Role | None) -> None:
    client.force_login(make_staff("ben", role) if role else make_user("ben"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {**ASKED, "confirm": "1"}).status_code == 403
    assert client.post(f"{PAGE}1/lift/", {"reason": "x"}).status_code == 403
    assert not Stop.objects.exists()


def test_staff_cannot_stop_themselves(office: Client) -> None:
    assert office.post(PAGE, {**ASKED, "person": "gus"}).status_code == 403
    assert office.get(f"{PAGE}1/lift/").status_code == 405
