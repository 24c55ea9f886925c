"""The page of a case offers what the workflow allows, no more and no less, and nothing that it offers is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.applications.cockpit.acts import ACTS
from access_portal.applications.models import Application
from access_portal.applications.standing import allowed_commands
from access_portal.applications.workflow import Command
from tests.access_portal.applications.table import SITUATIONS, World

pytestmark = pytest.mark.django_db
STAFF = ("revw", "hold", "deci", "admn")
NEAR = ("self", "near")
STRANGERS = ("appl", "outs", "mngr")
ON_THE_PAGE = frozenset(act.command for act in ACTS.values() if act.command)


@pytest.fixture(scope="module")
def mfa_aside() -> Any:
    """Staff of the table have no second factor; their pages ask for one, which is not what is tried here."""


@pytest.fixture
def world(settings: Any) -> World:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "StaffMfa" not in name]
    return World()


def offered(text: str, number: str) -> set[str]:
    """The acts that a page has forms for, by name."""
    slugs = {act.slug: name for name, act in ACTS.items()}
    return {slugs[slug] for slug in re.findall(rf'action="/review/{number}/([a-z-]+)/"', text)}


def case_of(world: World, situation: str, role: str) -> Application:
    return Application.objects.get(pk=world.cases[situation, "self" if role == "self" else "appl"].pk)


@pytest.mark.parametrize("situation", [name for name in SITUATIONS if "draft" not in name])
def test_the_page_offers_exactly_what_is_allowed(situation: str, world: World, client: Client) -> None:
    for role in STAFF:
        actor, case = world.actors[role], case_of(world, situation, role)
        assert isinstance(actor, User)
        client.force_login(actor)
        page = client.get(f"/review/{case.number}/")
        assert page.status_code == 200, role
        shown = {ACTS[name].command for name in offered(page.content.decode(), str(case.number))} - {None}
        assert shown == allowed_commands(case, actor, timezone.now()) & ON_THE_PAGE, role
