"""The table that people read is the table that decides."""

from __future__ import annotations

from pathlib import Path

from release.lifecycle import TABLE, Command, Condition, Obstacle, State, Who
from release.lifecycle_table import CONDITIONS, PEOPLE, lines, markdown
from release.obstacles import WORDS
from release.publishing.step import EVENTS
from release.wording import BADGES, COMMAND_WORDS, EVENT_WORDS, MEANINGS

PAGE = Path(__file__).parents[2] / "docs/reference/releases.md"


def test_the_reference_page_is_as_the_code_is() -> None:
    """Renew it with `./dev manage release_lifecycle`, whose output goes between the two marks."""
    between = PAGE.read_text().split("<!-- table: begin -->\n")[1].split("<!-- table: end -->")[0]
    assert between == markdown()


def test_everything_has_words() -> None:
    assert (set(COMMAND_WORDS), set(PEOPLE), set(CONDITIONS)) == (set(Command), set(Who), set(Condition))
    assert set(WORDS) == {*Condition, *Obstacle}
    assert set(BADGES) == set(MEANINGS) == set(State)
    assert set(EVENTS.values()) | {"release_staged", "release_verification_asked"} <= set(EVENT_WORDS)
    assert all(f"`{name}`" in PAGE.read_text() for name in EVENT_WORDS)


def test_every_row_is_told() -> None:
    assert len(list(lines())) == len(TABLE)
