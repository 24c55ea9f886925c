"""A form definition in the shape that the rest of the house uses: `parsing` makes it from JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import get_language


class Kind(StrEnum):
    """What an answer is."""

    TEXT = "text"  # one line
    LONG_TEXT = "long_text"
    CHOICE = "choice"  # one of `choices`
    CHOICES = "choices"  # some of `choices`
    YES_NO = "yes_no"
    EMAIL = "email"
    URL = "url"
    INTEGER = "integer"
    CHECKBOX = "checkbox"
    ORCID = "orcid"
    COUNTRY = "country"
    SIZES = "sizes"  # some of the family's variants, which whoever builds the form knows
    FILE = "file"


WRITTEN = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL, Kind.INTEGER, Kind.ORCID, Kind.COUNTRY})


@dataclass(frozen=True)
class Text:
    """A sentence in the languages of the house; as a string it is the reader's, or else English."""

    en: str = ""
    ms: str = ""

    def __str__(self) -> str:
        return (self.ms if (get_language() or "").startswith("ms") else "") or self.en

    def __bool__(self) -> bool:
        return bool(self.en)


@dataclass(frozen=True)
class Choice:
    """`value` is kept; `label` is read."""

    value: str
    label: Text


@dataclass(frozen=True)
class Condition:
    """Holds when the answer to an earlier question is one of `values`, or, without values, when there is one."""

    question: str
    values: frozenset[str] | None


@dataclass(frozen=True)
class Question:
    """One question. Limits count words, characters, or bytes of a file; None is no limit but the house's own."""

    name: str
    kind: Kind
    label: Text
    help: Text = Text()
    why: Text = Text()  # why it is asked
    seen_by: Text = Text()
    kept_for: Text = Text()
    required: bool = False  # with `when`: required of those who are asked
    missing: Text = Text()  # said when a required answer is missing
    when: tuple[Condition, ...] = ()  # all must hold
    when_text: Text = Text()  # "if you are a student": said beside the label
    choices: tuple[Choice, ...] = ()
    min_words: int | None = None
    max_words: int | None = None
    min_characters: int | None = None
    max_characters: int | None = None
    min_number: int | None = None
    max_number: int | None = None
    types: tuple[str, ...] = ()  # of `files.TYPES`
    max_bytes: int | None = None
    autocomplete: str = ""  # the HTML token


@dataclass(frozen=True)
class Section:
    """Questions under one heading."""

    id: str
    title: Text
    intro: Text
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class AtLeastOne:
    """One of these questions must be answered; `message` says so beside the first."""

    of: tuple[str, ...]
    message: Text


@dataclass(frozen=True)
class Check:
    """One line of the list that a reviewer ticks."""

    id: str
    text: Text
    required: bool


@dataclass(frozen=True)
class Definition:
    """A whole form."""

    sections: tuple[Section, ...]
    at_least_one: tuple[AtLeastOne, ...] = ()
    checklist: tuple[Check, ...] = ()

    def questions(self) -> Iterator[Question]:
        """All questions, in their order."""
        for section in self.sections:
            yield from section.questions

    def question(self, name: str) -> Question | None:
        """The question of this name."""
        return next((question for question in self.questions() if question.name == name), None)
