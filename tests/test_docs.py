"""What the documentation says exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
VARIABLE = re.compile(r'env\.\w+\(\s*"(GATEHOUSE_\w+)"')


def test_every_setting_is_documented_and_every_documented_setting_is_read() -> None:
    read = set(VARIABLE.findall((ROOT / "access_portal" / "settings.py").read_text()))
    documented = set(re.findall(r"^\| `(GATEHOUSE_\w+)`", (ROOT / "docs/reference/configuration.md").read_text(), re.M))
    assert read == documented


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.split("#")[0]).exists(), target


def test_every_command_of_dev_is_in_its_help() -> None:
    source = (ROOT / "dev").read_text()
    cases = re.findall(r"^    ([a-z|]+)\)", source[source.index("case ") :], re.M)
    helped = set(re.findall(r"^\./dev ([a-z]+)", source, re.M))
    assert {name for case in cases for name in case.split("|")} - {"help"} == helped


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_dev_command_that_is_mentioned_exists(page: Path) -> None:
    helped = set(re.findall(r"^\./dev ([a-z]+)", (ROOT / "dev").read_text(), re.M)) | {"help"}
    assert set(re.findall(r"\./dev ([a-z]+)", page.read_text())) <= helped
