"""The page of a case offers what the workflow allows, no more and no less, and nothing that it offers is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.applications.cockpit.acts import ACTS
from access_portal.applications.models import Application
from access_portal.applications.standing import allowed_commands
from tests.access_portal.applications.scenes import NOW
from tests.access_portal.applications.table import SITUATIONS, World

pytestmark = pytest.mark.django_db
STAFF = ("revw", "hold", "deci", "admn")
ON_THE_PAGE = frozenset(act.command for act in ACTS.values() if act.command)
SLUGS = {act.slug: name for name, act in ACTS.items()}
SENT = [name for name in SITUATIONS if "draft" not in name]


@pytest.fixture
def world(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> World:
    """The table's world at the table's time; its staff have no second factor, which is another matter."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "StaffMfa" not in name]
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return World()


def offered(text: str, number: str) -> set[str]:
    """The acts that a page has forms for, by name."""
    return {SLUGS[slug] for slug in re.findall(rf'action="/review/{number}/([a-z-]+)/"', text)}


def visits(world: World, client: Client) -> Iterator[tuple[User, Application, str]]:
    """Every sent situation as every kind of staff sees it."""
    for role in STAFF:
        actor = world.actors[role]
        assert isinstance(actor, User)
        client.force_login(actor)
        for situation in SENT:
            case = Application.objects.get(pk=world.cases[situation, "appl"].pk)
            yield actor, case, f"{situation} as {role}"


def test_the_page_offers_exactly_what_is_allowed(world: World, client: Client) -> None:
    seen = set()
    for actor, case, where in visits(world, client):
        text = client.get(f"/review/{case.number}/").content.decode()
        shown = {ACTS[name].command for name in offered(text, str(case.number))} - {None}
        assert shown == allowed_commands(case, actor, NOW) & ON_THE_PAGE, where
        seen |= shown
    assert seen == ON_THE_PAGE  # the world is large enough to try them all


def test_what_is_offered_is_never_refused(world: World, client: Client) -> None:
    answers, tried = set(), set()
    for actor, case, where in visits(world, client):
        number = str(case.number)
        names = offered(client.get(f"/review/{number}/").content.decode(), number)
        for name in names:
            if (actor.pk, case.state, name) in tried:  # one of a kind is enough
                continue
            tried.add((actor.pk, case.state, name))
            with transaction.atomic():
                answer = client.post(f"/review/{number}/{ACTS[name].slug}/", {"version": case.version})
                transaction.set_rollback(True)
            assert answer.status_code in (200, 302), f"{name} in {where}"  # asks for what is missing, or is done
            answers.add(answer.status_code)
    assert answers == {200, 302}


def test_what_is_not_offered_is_refused(world: World, client: Client) -> None:
    for _actor, case, where in visits(world, client):
        number = str(case.number)
        shown = offered(client.get(f"/review/{number}/").content.decode(), number)
        for name in ("claim", "release", "undo", "confirm_final", "lift_hold", "close"):
            if name not in shown:
                answer = client.post(f"/review/{number}/{ACTS[name].slug}/", {"version": case.version})
                assert answer.status_code in (403, 409), f"{name} in {where}"


@pytest.mark.parametrize(("role", "code"), [("self", "own_case"), ("near", "conflict_of_interest")])
def test_a_case_too_near_opens_to_nobody(role: str, code: str, world: World, client: Client) -> None:
    actor = world.actors[role]
    assert isinstance(actor, User)
    client.force_login(actor)
    for situation in SENT:
        number = world.cases[situation, "self" if role == "self" else "appl"].number
        for answer in (client.get(f"/review/{number}/"), client.post(f"/review/{number}/claim/", {"version": 1})):
            assert answer.status_code == 403, situation
            assert code in answer.content.decode(), situation


@pytest.mark.parametrize("role", ["appl", "outs", "mngr"])
def test_a_case_opens_to_no_stranger(role: str, world: World, client: Client) -> None:
    actor = world.actors[role]
    assert isinstance(actor, User)
    client.force_login(actor)
    for situation in SENT:
        assert client.get(f"/review/{world.cases[situation, 'appl'].number}/").status_code == 403


def test_a_draft_is_not_there_for_staff(world: World, client: Client) -> None:
    actor = world.actors["hold"]
    assert isinstance(actor, User)
    client.force_login(actor)
    for situation in ("draft", "overdue_draft"):
        assert client.get(f"/review/{world.cases[situation, 'appl'].number}/").status_code == 404
