"""What is different between two versions of a form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from access_portal.questionnaires.canonical import readable
from access_portal.questionnaires.parsing import parse


@dataclass(frozen=True)
class QuestionChange:
    """`what` is added, removed or changed."""

    name: str
    label: str
    what: str


@dataclass(frozen=True)
class DiffLine:
    """`change` is kept, removed or added."""

    change: str
    text: str


@dataclass(frozen=True)
class FormChanges:
    """The questions that differ, and the two files line by line."""

    questions: list[QuestionChange]
    lines: list[DiffLine]


def compare(before: dict[str, Any] | None, after: dict[str, Any]) -> FormChanges:
    """From `before`, which is None for a first form, to `after`; both are valid definitions."""
    old = {} if before is None else {question.name: question for question in parse(before).questions()}
    new = {question.name: question for question in parse(after).questions()}
    changes = [
        QuestionChange(name, str(question.label), "changed" if name in old else "added")
        for name, question in new.items()
        if old.get(name) != question
    ]
    gone = [QuestionChange(name, str(q.label), "removed") for name, q in old.items() if name not in new]
    return FormChanges(changes + gone, [] if before is None else list(_lines(readable(before), readable(after))))


def _lines(before: str, after: str) -> Iterator[DiffLine]:
    words = {"+": "added", "-": "removed"}
    for line in list(unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:]:
        yield DiffLine(words.get(line[0], "kept"), line[1:] if line[0] in "+- " else line)
