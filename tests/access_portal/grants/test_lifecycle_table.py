"""The table that people read is the table that decides."""

from __future__ import annotations

from pathlib import Path

from access_portal.grants.lifecycle import TABLE, Command, Condition, Who
from access_portal.grants.lifecycle_table import CONDITIONS, PEOPLE, lines, markdown
from access_portal.grants.obstacles import WORDS
from access_portal.grants.wording import COMMAND_WORDS, EVENT_WORDS
from access_portal.outbox.event_types import EVENT_TYPES

PAGE = Path(__file__).parents[3] / "docs/reference/grants.md"


def test_the_reference_page_is_as_the_code_is() -> None:
    """Renew it with `./dev manage grant_lifecycle`, whose output goes between the two marks."""
    between = PAGE.read_text().split("<!-- table: begin -->\n")[1].split("<!-- table: end -->")[0]
    assert between == markdown()


def test_every_command_person_condition_and_event_has_words() -> None:
    assert (set(COMMAND_WORDS), set(PEOPLE), set(CONDITIONS)) == (set(Command), set(Who), set(Condition))
    assert set(WORDS) == set(Condition)
    announced = {name.replace(".", "_") for name in EVENT_TYPES if name.startswith("grant.")}
    assert announced == set(EVENT_WORDS)


def test_every_row_is_told() -> None:
    assert len(list(lines())) == len(TABLE)
