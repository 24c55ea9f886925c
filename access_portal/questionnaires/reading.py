"""Answers as people read them: in words, under their sections, and what became of them between two rounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from access_portal.questionnaires.conditions import choices_of, is_answered
from access_portal.questionnaires.definition import Definition, Kind, Question

Sizes = Sequence[tuple[str, str]]
WORDS_AND_SPACES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Answer:
    """`long` texts keep their paragraphs; `link` is an address that the form has checked."""

    name: str
    label: str
    text: str
    long: bool
    link: str
    kind: Kind
    section: str  # its id
    section_title: str


@dataclass(frozen=True)
class Piece:
    """A stretch of a text: `kept`, `removed` or `added`. It is plain text, to be escaped like any other."""

    change: str
    text: str


@dataclass(frozen=True)
class Change:
    """One question that is answered differently; a long text also comes in `pieces`."""

    name: str
    label: str
    before: str
    after: str
    pieces: tuple[Piece, ...] = ()


def answered(definition: Definition, answers: Mapping[str, Any], sizes: Sizes = ()) -> list[Answer]:
    """The questions in their order, section by section, without those that were left empty."""
    return [
        Answer(
            name=question.name,
            label=str(question.label),
            text=in_words(question, answers[question.name], sizes),
            long=question.kind == Kind.LONG_TEXT,
            link=_link(question, answers[question.name]),
            kind=question.kind,
            section=section.id,
            section_title=str(section.title),
        )
        for section in definition.sections
        for question in section.questions
        if is_answered(answers.get(question.name))
    ]


def differences(
    definition: Definition, before: Mapping[str, Any], after: Mapping[str, Any], sizes: Sizes = ()
) -> list[Change]:
    """The questions that are answered otherwise now, in the order of the form."""
    changes = []
    for question in definition.questions():
        old, new = before.get(question.name), after.get(question.name)
        if old == new or not (is_answered(old) or is_answered(new)):
            continue
        words = in_words(question, old, sizes), in_words(question, new, sizes)
        pieces = tuple(pieces_of(*words)) if question.kind == Kind.LONG_TEXT else ()
        changes.append(Change(question.name, str(question.label), *words, pieces))
    return changes


def in_words(question: Question, value: Any, sizes: Sizes = ()) -> str:
    """One answer as a sentence would give it; what a draft kept as typed is given as typed."""
    if not is_answered(value):
        return ""
    if isinstance(value, bool):
        return _("Yes")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return f"{value.get('name', '')} ({filesizeformat(value.get('size', 0))})"
    labels = dict(choices_of(question, sizes))
    return ", ".join(labels.get(str(item), str(item)) for item in (value if isinstance(value, list) else [value]))


def pieces_of(before: str, after: str) -> Iterator[Piece]:
    """Both texts woven into one, word by word."""
    old, new = WORDS_AND_SPACES.findall(before), WORDS_AND_SPACES.findall(after)
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            yield Piece("kept", "".join(old[old_from:old_to]))
            continue
        if old_from < old_to:
            yield Piece("removed", "".join(old[old_from:old_to]))
        if new_from < new_to:
            yield Piece("added", "".join(new[new_from:new_to]))


def _link(question: Question, value: Any) -> str:
    """Only for what the form has checked: a draft may hold anything under these kinds."""
    if question.kind == Kind.ORCID:
        return f"https://orcid.org/{value}"
    return str(value) if question.kind == Kind.URL and str(value).startswith(("https://", "http://")) else ""
