"""The reference page of the client is as the client is."""

from __future__ import annotations

import re
from pathlib import Path

from release.client.cli.progress import NAMES
from release.client.credentials import SERVER_VARIABLE, TOKEN_VARIABLE
from release.client.evidence import KEYS, MANIFEST, SIGNATURE
from tests.release.client.reference import markdown

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference/client.md").read_text()


def test_the_reference_page_lists_every_command_option_and_exit_code() -> None:
    """Renew it with `python -m tests.release.client.reference`, whose output goes between the two marks."""
    assert PAGE.split("<!-- commands: begin -->\n")[1].split("<!-- commands: end -->")[0] == markdown()


def test_the_reference_page_names_what_the_client_reads_keeps_and_tells() -> None:
    for name in (SERVER_VARIABLE, TOKEN_VARIABLE, MANIFEST, SIGNATURE, KEYS, *NAMES.values(), "plan", "done"):
        assert f"`{name}`" in PAGE


def test_every_command_and_option_of_the_guide_exists() -> None:
    guide = (DOCS / "how-to/download.md").read_text()
    told = re.findall(r"^\$ gatehouse (\w+)", guide, re.M)
    options = set(re.findall(r"gatehouse [^\n`|]*?(--[a-z-]+)", guide))
    assert len(told) > 6
    assert all(f"### `gatehouse {name}`" in PAGE for name in told)
    assert all(f"`{name}" in PAGE for name in options)
