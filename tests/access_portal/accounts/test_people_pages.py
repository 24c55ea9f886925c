"""The office's pages about people: who reads them, who changes what, and what they never show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.accounts.wording import EVENT_WORDS
from access_portal.applications.models import Conflict, State
from access_portal.grants.models import Stop
from access_portal.grants.stops import Target, stop
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
PEOPLE = "/office/people/"
READERS = {Role.ADMIN, Role.OPERATOR, Role.AUDITOR}
CHANGERS = {Role.ADMIN, Role.OPERATOR}
POSTS = {
    "role/give": {"role": "reviewer"}, "role/take": {"role": "auditor"}, "close": {"reason": "left"},
    "sign-out": {"sure": "on"}, "second-factor": {"sure": "on"},
}  # fmt: skip


def enter(client: Client, *roles: Role) -> User:
    staff = make_staff("sam", *roles)
    client.force_login(staff)
    return staff


@pytest.mark.parametrize("role", [*Role, None])
def test_only_some_roles_read_about_people(client: Client, role: Role | None) -> None:
    make_user("ada")
    enter(client, *([role] if role else []))
    wanted = 200 if role in READERS else 403
    assert [client.get(page).status_code for page in (PEOPLE, f"{PEOPLE}ada/")] == [wanted, wanted]


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("do", POSTS)
def test_only_the_office_and_operators_change_anything(client: Client, role: Role | None, do: str) -> None:
    ada = make_staff("ada", Role.AUDITOR)
    enter(client, *([role] if role else []))
    answer = client.post(f"{PEOPLE}ada/{do}/", POSTS[do])
    if role in CHANGERS:
        assert answer.headers["Location"] == f"{PEOPLE}ada/"
        assert OutboxMail.objects.filter(user=ada).count() == 1
    else:
        assert answer.status_code == 403
        assert not OutboxMail.objects.exists()


@pytest.mark.parametrize("do", POSTS)
def test_nobody_changes_their_own_account_and_no_button_offers_it(client: Client, do: str) -> None:
    enter(client, Role.ADMIN, Role.AUDITOR)
    assert client.post(f"{PEOPLE}sam/{do}/", POSTS[do]).status_code == 403
    page = client.get(f"{PEOPLE}sam/").content.decode()
    assert "This is you." in page
    assert f'action="{PEOPLE}sam/' not in page


def test_an_auditor_sees_no_buttons(client: Client) -> None:
    make_staff("ada", Role.REVIEWER)
    enter(client, Role.AUDITOR)
    assert f'action="{PEOPLE}ada/' not in client.get(f"{PEOPLE}ada/").content.decode()


def test_a_role_is_given_and_taken_on_the_page(client: Client) -> None:
    ada = make_user("ada")
    enter(client, Role.ADMIN)
    page = client.post(f"{PEOPLE}ada/role/give/", {"role": "reviewer"}, follow=True).content.decode()
    assert "A role was given." in page
    assert ada.roles.get().role == "reviewer"
    client.post(f"{PEOPLE}ada/role/take/", {"role": "reviewer"})
    assert not RoleAssignment.objects.filter(user=ada).exists()


BAD = [
    ("close/", {}, 422), ("close/", {"reason": "because"}, 422),
    ("close/", {"reason": "left", "words": "x" * 1001}, 422),
    ("sign-out/", {}, 422), ("reopen/", {}, 422), ("second-factor/", {"sure": "on"}, 422),
    ("role/give/", {"role": "emperor"}, 400), ("role/give/", {}, 400), ("role/lend/", {"role": "admin"}, 404),
    ("explode/", {}, 404),
]  # fmt: skip


@pytest.mark.parametrize(("do", "body", "status"), BAD)
def test_what_makes_no_sense_changes_nothing(client: Client, do: str, body: dict[str, str], status: int) -> None:
    ada = make_user("ada")
    enter(client, Role.ADMIN)
    assert client.post(f"{PEOPLE}ada/{do}", body).status_code == status
    ada.refresh_from_db()
    assert ada.is_active
    assert not OutboxMail.objects.exists()


def test_a_second_click_says_that_sign_in_is_closed_already(client: Client) -> None:
    make_user("ada", is_active=False)
    enter(client, Role.ADMIN)
    answer = client.post(f"{PEOPLE}ada/close/", {"reason": "left"})
    assert answer.status_code == 422
    assert "Sign-in is closed already." in answer.content.decode()


def test_changes_need_a_post_with_a_token(client: Client) -> None:
    make_user("ada")
    sam = enter(client, Role.ADMIN)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(sam)
    for do in POSTS:
        assert client.get(f"{PEOPLE}ada/{do}/").status_code == 405
        assert strict.post(f"{PEOPLE}ada/{do}/", POSTS[do]).status_code == 403


def test_nobody_by_that_name(client: Client) -> None:
    enter(client, Role.ADMIN)
    assert client.get(f"{PEOPLE}nobody/").status_code == 404
    assert client.post(f"{PEOPLE}nobody/close/", {"reason": "left"}).status_code == 404


SEARCHES = {
    "q=ada": {"ada"}, "q=UNI.EXAMPLE": {"ada", "ben", "cy", "sam"}, "q=%00' OR 1=1": set(),
    "show=staff": {"ben", "sam"},
    "show=reviewer": {"ben"}, "show=closed": {"cy"}, "show=emperor": {"ada", "ben", "cy", "sam"}, "page=-3": None,
    "q=" + "x" * 5000: set(), "show=closed&q=ada": set(),
}  # fmt: skip


@pytest.mark.parametrize("asked", SEARCHES)
def test_people_are_found_by_name_address_and_role(client: Client, asked: str) -> None:
    make_user("ada"), make_staff("ben", Role.REVIEWER, Role.DECIDER), make_user("cy", is_active=False)
    enter(client, Role.ADMIN)
    page = client.get(f"{PEOPLE}?{asked}").content.decode()
    found = set(re.findall(rf'href="{PEOPLE}([a-z]+)/"', page))
    wanted = SEARCHES[asked]
    assert found == ({"ada", "ben", "cy", "sam"} if wanted is None else wanted)


def test_the_list_takes_the_same_queries_for_many(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    enter(client, Role.ADMIN)
    for number in range(60):
        make_user(f"u{number}", Role.REVIEWER)
    with django_assert_max_num_queries(12):
        client.get(PEOPLE)


def test_applications_grants_and_stops_are_linked_for_those_who_may_open_them(client: Client) -> None:
    ada, family = make_user("ada"), make_open_family()
    case, grant = make_application(ada, family, State.SUBMITTED), make_grant(ada, family)
    sam = enter(client, Role.ADMIN)
    stop(actor=sam, target=Target(Stop.Scope.PERSON, user=ada), reason="Lost laptop.", now=timezone.now())
    page = client.get(f"{PEOPLE}ada/").content.decode()
    assert "Lost laptop." in page
    for address in (f"/review/{case.number}/", f"/office/grants/{grant.number}/", "/office/stop/"):
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("role", sorted(READERS))
def test_every_link_on_the_page_of_a_person_opens(client: Client, role: Role) -> None:
    ada, family = make_user("ada"), make_open_family()
    make_application(ada, family, State.SUBMITTED)
    make_grant(ada, family)
    enter(client, role)
    page = client.get(f"{PEOPLE}ada/").content.decode().split("<main")[1].split("</main")[0]
    for address in re.findall(r'href="(/[^"#]*)"', page):
        assert client.get(address).status_code == 200, address


def test_whoever_stands_too_near_sees_no_cases_and_no_grants(client: Client) -> None:
    ada, family = make_user("ada"), make_open_family()
    case, grant = make_application(ada, family, State.SUBMITTED), make_grant(ada, family)
    sam = enter(client, Role.ADMIN)
    Conflict.objects.create(user=sam, domain="uni.example", declared_at=timezone.now())
    page = client.get(f"{PEOPLE}ada/").content.decode()
    assert "You stand too near" in page
    assert str(case.number) not in page
    assert str(grant.number) not in page


def test_hostile_names_are_text(client: Client) -> None:
    ada = make_user("ada")
    User.objects.filter(pk=ada.pk).update(full_name='"><img src=x onerror=alert(1)>')
    enter(client, Role.ADMIN)
    for page in (PEOPLE, f"{PEOPLE}ada/"):
        assert "<img src=x" not in client.get(page).content.decode()


def test_every_event_of_an_account_has_words() -> None:
    root = Path(__file__).parents[3]
    source = "\n".join(path.read_text() for top in ("access_portal", "release") for path in (root / top).rglob("*.py"))
    recorded = set(re.findall(r'record\(\s*f"user:[^"]+",\s*"(\w+)"', source))
    recorded |= set(re.findall(r'record\(_chain\(\w+\), "(\w+)"', source))
    assert len(recorded) > 10
    assert recorded <= set(EVENT_WORDS)
