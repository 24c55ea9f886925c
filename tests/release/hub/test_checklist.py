"""The list of what the protocol asks for is held by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/reference/hub-protocol.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| point")]
SOURCES = [path.read_text() for path in (ROOT / "tests/release").rglob("test_*.py")]
TESTS = {name for source in SOURCES for name in re.findall(r"^def (test_\w+)", source, re.M)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_point_of_the_protocol_is_held_by_tests_that_exist(row: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", row))
    assert named
    assert named <= TESTS


def test_the_list_covers_every_part_of_the_protocol() -> None:
    assert len(ROWS) > 45
