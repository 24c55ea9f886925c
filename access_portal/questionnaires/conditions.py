"""Which questions are put to somebody who has answered like this."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from access_portal.questionnaires.definition import Condition, Definition, Kind, Question


def is_answered(value: object) -> bool:
    """Whether this is an answer; an unticked box and an empty list are none, but the number 0 is."""
    return value is not None and value is not False and value not in ("", [], {})


def asked(definition: Definition, answers: Mapping[str, Any]) -> set[str]:
    """The names of the questions whose conditions hold; one that is not asked counts as not answered."""
    names: set[str] = set()
    for question in definition.questions():
        if all(_holds(condition, names, answers) for condition in question.when):
            names.add(question.name)
    return names


def with_dependents(definition: Definition, names: Collection[str]) -> set[str]:
    """These questions and those that a change of their answers could make to be asked."""
    found = set(names)
    for question in definition.questions():
        if any(condition.question in found for condition in question.when):
            found.add(question.name)
    return found


def in_words(definition: Definition, question: Question) -> str:
    """Who is asked, to be said beside the label: "if you are a student"; empty when everybody is."""
    if not question.when:
        return ""
    said = str(question.when_text) or "; ".join(_in_words(definition, condition) for condition in question.when)
    return said if question.required else _("%(condition)s, optional") % {"condition": said}


def choices_of(question: Question, sizes: Collection[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """The choices as (value, label) in the reader's language."""
    if question.kind == Kind.YES_NO:
        return [("yes", _("Yes")), ("no", _("No"))]
    if question.kind == Kind.SIZES:
        return list(sizes)
    return [(choice.value, str(choice.label)) for choice in question.choices]


def _holds(condition: Condition, names: Collection[str], answers: Mapping[str, Any]) -> bool:
    value = answers.get(condition.question) if condition.question in names else None
    if condition.values is None:
        return is_answered(value)
    given = value if isinstance(value, list) else [value]
    return any(isinstance(item, str) and item in condition.values for item in given)


def _in_words(definition: Definition, condition: Condition) -> str:
    other = definition.question(condition.question)
    assert other is not None
    if condition.values is None:
        return _("if you answered “%(question)s”") % {"question": other.label}
    labels = [label for value, label in choices_of(other) if value in condition.values]
    return _("if “%(question)s” is %(answers)s") % {
        "question": other.label,
        "answers": _(" or ").join(f"“{label}”" for label in labels),
    }
