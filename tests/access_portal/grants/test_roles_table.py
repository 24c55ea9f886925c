"""The table of roles that people read is the one that decides."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from access_portal.accounts.models import Role
from access_portal.grants.facts import ROLES
from access_portal.grants.policy import Action, Granted, Office, decide
from access_portal.grants.roles_table import WORDS, markdown
from tests.factories import make_user

PAGE = Path(__file__).parents[3] / "docs/reference/roles.md"


def test_the_reference_page_is_as_the_code_is() -> None:
    """Renew it with `./dev manage roles`, whose output goes between the two marks."""
    between = PAGE.read_text().split("<!-- table: begin -->\n")[1].split("<!-- table: end -->")[0]
    assert between == markdown()


def test_every_action_of_staff_has_words_and_a_line() -> None:
    assert set(WORDS) == set(ROLES)


def test_the_command_prints_the_table() -> None:
    out = StringIO()
    call_command("roles", stdout=out)
    assert out.getvalue() == markdown()


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_the_table_says_what_the_policy_answers(role: Role) -> None:
    actor, column = make_user("sam", role), list(Role).index(role) + 1
    lines = [line.strip("| ").split(" | ") for line in markdown().splitlines()[2:]]
    said = {line[0]: line[column] == "yes" for line in lines}
    now = datetime(2026, 3, 1, tzinfo=UTC)
    answers = {WORDS[action]: isinstance(decide(actor, action, Office(), now), Granted) for action in WORDS}
    assert said == answers
    assert any(said.values())
    assert isinstance(decide(actor, Action.REVIEW, Office(), now), Granted) is (role in (Role.REVIEWER, Role.DECIDER))
