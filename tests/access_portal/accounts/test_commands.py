"""Roles are given and taken by operators and the office only, on record; accounts can be made at the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from access_portal.accounts.commands import create_person, give_role, take_role
from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import InvalidError, PermissionRefusedError
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHANGES = {"give": give_role, "take": take_role}


def test_a_role_is_given_and_taken_once_each_on_record_and_by_mail() -> None:
    olga, ben = make_user("olga", Role.OPERATOR), make_user("ben")
    for _ in range(2):
        give_role(person=ben, role="reviewer", actor=olga, now=NOW)
    assert ben.has_role(Role.REVIEWER)
    for _ in range(2):
        take_role(person=ben, role="reviewer", actor=olga, now=NOW)
    assert not ben.has_role(Role.REVIEWER)
    assert list(Event.objects.values_list("name", "actor__username", "data")) == [
        ("role_given", "olga", {"role": "reviewer"}),
        ("role_taken", "olga", {"role": "reviewer"}),
    ]
    assert OutboxMail.objects.filter(user=ben).count() == 2


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", [*Role, None])
def test_only_operators_and_the_office_change_roles(change: str, role: Role | None) -> None:
    actor, ben = make_user("actor", *([role] if role else [])), make_user("ben", Role.REVIEWER)
    if role in (Role.OPERATOR, Role.ADMIN):
        CHANGES[change](person=ben, role="auditor", actor=actor, now=NOW)
        assert Event.objects.filter(actor=actor).exists() is (change == "give")
        return
    with pytest.raises(PermissionRefusedError) as error:
        CHANGES[change](person=ben, role="reviewer", actor=actor, now=NOW)
    assert error.value.code == "role_missing"
    assert set(User.objects.get(username="ben").role_names) == {"reviewer"}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_nobody_changes_their_own_roles(change: str, role: Role) -> None:
    olga = make_user("olga", role)
    with pytest.raises(PermissionRefusedError) as error:
        CHANGES[change](person=olga, role=role, actor=olga, now=NOW)
    assert error.value.code == "own_case"


def test_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidError, match="role_unknown"):
        give_role(person=make_user(), role="emperor", actor=None, now=NOW)


BAD_PEOPLE = [
    {"username": "not a name"},
    {"username": "ada"},
    {"email": "nowhere"},
    {"email": "ADA@uni.example"},
    {"password": "12345"},
    {"full_name": "x" * 201},
]


@pytest.mark.parametrize("changes", BAD_PEOPLE, ids=str)
def test_a_person_who_cannot_be_is_not_made(changes: dict[str, str]) -> None:
    make_user("ada")
    values = {"username": "ben", "email": "ben@uni.example", "full_name": "Ben", "password": None, **changes}
    with pytest.raises(InvalidError):
        create_person(**values, actor=None, now=NOW)  # type: ignore[arg-type]
    assert User.objects.count() == 1


def test_a_reviewer_makes_no_accounts() -> None:
    rea = make_user("rea", Role.REVIEWER)
    with pytest.raises(PermissionRefusedError):
        create_person(username="ben", email="b@uni.example", full_name="", actor=rea, now=NOW)


def _person(*arguments: str) -> str:
    out = StringIO()
    call_command("person", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.service
@pytest.mark.usefixtures("limits")
def test_the_command_line_makes_a_person_and_prints_a_link_that_works(client: Client) -> None:
    said = _person(
        "create", "ben", "ben@uni.example", "--name", "Ben Example", "--role", "reviewer", "--role", "decider"
    )
    ben = User.objects.get(username="ben")
    assert ben.role_names == {"reviewer", "decider"}
    assert EmailAddress.objects.get(user=ben).verified
    assert not ben.has_usable_password()
    link = re.search(r"http://testserver(/\S+)", said)
    assert link
    form = client.get(link[1], follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "a new horse battery", "password2": "a new horse battery"})
    ben.refresh_from_db()
    assert ben.check_password("a new horse battery")


def test_a_failed_creation_leaves_nothing_behind() -> None:
    make_user("ada")
    with pytest.raises(CommandError, match="already exists"):
        _person("create", "ada", "other@uni.example", "--role", "reviewer")
    assert not Event.objects.exists()


def test_the_command_line_changes_roles() -> None:
    make_user("ben")
    assert _person("role", "ben", "add", "auditor") == "ben now has: auditor.\n"
    assert _person("role", "ben", "remove", "auditor") == "ben now has: no role.\n"
    with pytest.raises(CommandError, match="nobody with the user name"):
        _person("role", "nobody", "add", "auditor")
    with pytest.raises(CommandError):
        _person("role", "ben", "add", "emperor")


def test_the_command_line_takes_a_lost_second_factor_away() -> None:
    ben = make_staff("ben", Role.ADMIN)
    assert "ben signs in with the password alone" in _person("second-factor", "ben")
    assert not Authenticator.objects.filter(user=ben).exists()
    with pytest.raises(CommandError, match="no second factor"):
        _person("second-factor", "ben")
