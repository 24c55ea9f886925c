"""The front desk: who comes in, what is linked, what waits."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.applications.models import State
from access_portal.grants.commands import propose_revocation
from access_portal.grants.models import Stop
from access_portal.grants.stops import Target, stop
from access_portal.office.doors import ROOMS
from access_portal.outbox.models import OutboxMail, WebhookEndpoint
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
OFFICE = "/office/"
DOORS = {reverse(door.name) for _title, doors in ROOMS for door in doors}


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if tag == "a" and name == "href" and value}


def enter(client: Client, *roles: Role) -> User:
    staff = make_staff("sam", *roles)
    client.force_login(staff)
    return staff


def linked(client: Client) -> set[str]:
    return Links(client.get(OFFICE).content.decode()).found


@pytest.mark.parametrize("role", Role)
def test_a_page_is_linked_exactly_when_it_lets_one_in(client: Client, role: Role) -> None:
    enter(client, role)
    offered = linked(client)
    for address in DOORS:
        status = client.get(address).status_code
        assert (status, address in offered) in ((200, True), (403, False)), address


@pytest.mark.parametrize("role", Role)
def test_every_link_of_the_office_leads_to_a_page(client: Client, role: Role) -> None:
    enter(client, role)
    a_little_of_everything()
    for address in linked(client) - {"#content", reverse("heartbeat")}:
        assert client.get(address).status_code == 200, address


def staff_pages(patterns: list[URLPattern | URLResolver], before: str = "") -> set[str]:
    """Every address below /office/ and /review/ that needs no number."""
    found: set[str] = set()
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= staff_pages(pattern.url_patterns, address)
        elif address.startswith(("office/", "review/")) and "<" not in address and "(" not in address:
            found.add("/" + address)
    return found


def test_every_page_of_staff_is_linked_or_lies_below_one_that_is(client: Client) -> None:
    enter(client, *Role)
    pages = staff_pages(get_resolver().url_patterns) - {OFFICE}
    assert len(pages) > len(DOORS)
    behind = tuple(DOORS - {reverse("review_queue")})
    loose = {page for page in pages if not page.startswith(behind) and client.get(page).status_code == 200}
    assert loose <= {reverse("review_queue")}


def test_those_who_are_not_staff_are_refused_in_words(client: Client) -> None:
    client.force_login(make_user())
    answer = client.get(OFFICE)
    assert answer.status_code == 403
    assert "This is for staff with another role." in answer.content.decode()
    assert OFFICE not in Links(client.get("/account/").content.decode()).found


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get(OFFICE).headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize("role", Role)
def test_the_menu_leads_staff_to_the_office(client: Client, role: Role) -> None:
    enter(client, role)
    assert OFFICE in Links(client.get("/models/").content.decode()).found


def test_whoever_is_stopped_finds_the_office_closed(client: Client) -> None:
    sam = enter(client, Role.DECIDER)
    boss = make_staff("boss", Role.ADMIN)
    stop(actor=boss, target=Target(Stop.Scope.PERSON, user=sam), reason="Lost laptop.", now=timezone.now())
    assert client.get(OFFICE).status_code == 403


def a_little_of_everything() -> None:
    now, family = timezone.now(), make_open_family()
    ben = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    make_application(make_user("ada"), family, State.SUBMITTED)
    make_application(make_user("cy"), family, State.RECOMMENDED, holder=ben)
    make_application(make_user("eve"), family, State.APPEALED, decider=ben)
    grant = make_grant(make_user("dot"), family)
    propose_revocation(actor=ben, number=str(grant.number), version=grant.version, reason="Shared.", now=now)
    OutboxMail.objects.create(to="x@uni.example", subject="s", body="b", attempts=3, last_error="OSError")
    WebhookEndpoint.objects.create(
        url="https://x.example", wants=[], sealed_secret="x", created_by=ben, disabled_at=now, disabled_reason="Broken"
    )
    family.weights_licence.versions.create(number="2", text="t", sha256="0" * 64, reconsent_by=now + timedelta(days=3))


WAITS = {
    "Cases that nobody has taken": Role.REVIEWER,
    "Recommended cases to decide": Role.DECIDER,
    "Appeals to answer": Role.DECIDER,
    "Revocations for a second person": Role.DECIDER,
    "Mails that failed": Role.OPERATOR,
    "Webhooks that fail or were switched off": Role.AUDITOR,
    "Licence texts whose time of grace ends within two weeks": Role.ADMIN,
}


@pytest.mark.parametrize("text", WAITS)
def test_what_waits_is_counted_for_those_who_can_act(client: Client, text: str) -> None:
    enter(client, WAITS[text])
    assert text not in client.get(OFFICE).content.decode()
    a_little_of_everything()
    assert text in client.get(OFFICE).content.decode()


def test_nothing_waits_for_a_release_manager_and_the_releases_are_one_door_away(client: Client) -> None:
    enter(client, Role.RELEASE_MANAGER)
    a_little_of_everything()
    page = client.get(OFFICE).content.decode()
    assert "Nothing waits for you." in page
    assert 'href="/office/releases/"' in page


def test_the_office_takes_few_queries(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    enter(client, *Role)
    a_little_of_everything()
    with django_assert_max_num_queries(15):
        client.get(OFFICE)
