"""The table that people read is the table that decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from access_portal.applications.obstacles import WORDS
from access_portal.applications.workflow import TABLE, Command, Condition, Who
from access_portal.applications.workflow_table import COMMANDS, CONDITIONS, PEOPLE, lines, markdown

PAGE = Path(__file__).parents[3] / "docs/reference/applications.md"


def test_the_reference_page_is_as_the_code_is() -> None:
    """Renew it with `./dev manage workflow`, whose output goes between the two marks."""
    between = PAGE.read_text().split("<!-- table: begin -->\n")[1].split("<!-- table: end -->")[0]
    assert between == markdown()


def test_every_command_person_and_condition_has_words() -> None:
    assert (set(COMMANDS), set(PEOPLE), set(CONDITIONS)) == (set(Command), set(Who), set(Condition))
    assert set(WORDS) == set(Condition)


def test_every_row_is_told() -> None:
    assert len(list(lines())) == len(TABLE)


@pytest.mark.django_db
def test_everybody_can_read_how_an_application_is_handled(client: Client) -> None:
    page = client.get(reverse("how_it_works")).content.decode()
    assert all(line.command in page for line in lines())
