"""The reference page says what the code does, no more and no less."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from access_portal.questionnaires import limits, parsing, question_parsing
from access_portal.questionnaires.definition import Kind
from access_portal.questionnaires.files import TYPES
from access_portal.questionnaires.parsing import parse
from tests.access_portal.questionnaires.sheets import document, question

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "form-definitions.md").read_text()


def table(before: str) -> dict[str, list[str]]:
    """The rows of the first table after these words: first cell, without marks, and the others."""
    rows: dict[str, list[str]] = {}
    for line in PAGE[PAGE.index(before) :].split("|---", 1)[1].splitlines()[1:]:
        if not line.startswith("|"):
            break
        first, *others = [cell.strip() for cell in line.strip("|").split("|")]
        rows[first.strip("`")] = others
    return rows


def marked(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


@pytest.mark.parametrize(
    ("before", "keys", "needed"),
    [
        ("## The whole", parsing.TOP_KEYS, {"sections"}),
        ("A **section** has", parsing.SECTION_KEYS, {"id", "title", "questions"}),
        ("An entry of **`at_least_one`**", parsing.AT_LEAST_ONE_KEYS, parsing.AT_LEAST_ONE_KEYS),
        ("A line of the **`checklist`**", parsing.CHECK_KEYS, {"id", "text"}),
        ("## A question", question_parsing.COMMON_KEYS, {"name", "kind", "label"}),
    ],
)
def test_every_key_is_named_and_the_required_ones_are_told(before: str, keys: set[str], needed: set[str]) -> None:
    rows = table(before)
    assert set(rows) == keys
    assert {key for key, (text,) in rows.items() if text.startswith("required")} == needed


def test_every_kind_is_named_with_the_keys_that_it_takes() -> None:
    rows = table("Some kinds take more keys")
    assert {kind: marked(cells[1]) for kind, cells in rows.items()} == {
        kind.value: question_parsing.KEYS_OF_KIND[kind] for kind in Kind
    }


def test_limits_types_and_tokens_are_those_of_the_code() -> None:
    assert list(table("## Limits").values()) == [
        [f"{limits.LINE_DEFAULT:,}", f"{limits.LINE_CHARACTERS:,}"],
        [f"{limits.LONG_TEXT_DEFAULT:,}", f"{limits.LONG_TEXT_CHARACTERS:,}"],
        ["required", f"{limits.FILE_BYTES:,}"],
    ]
    assert {name: marked(cells[0]) for name, cells in table("**`types`** names").items()} == {
        name: set(kind.extensions) for name, kind in TYPES.items()
    }
    tokens = PAGE[PAGE.index("**`autocomplete`** is") :].split("##")[0]
    assert marked(tokens) - {"autocomplete"} == question_parsing.AUTOCOMPLETE
    for number in (limits.SECTIONS, limits.QUESTIONS, limits.CHOICES, limits.CHECKS, limits.NAME_CHARACTERS):
        assert str(number) in PAGE


def test_the_example_can_be_published() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    assert parse(document(question("yes_no", "human_data"), json.loads(example)))
