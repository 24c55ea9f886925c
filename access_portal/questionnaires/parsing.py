"""Reads a form definition from JSON; whatever it does not know or cannot use, it refuses, and says where that is.

`docs/reference/form-definitions.md` describes the format, and a test holds it to the tables below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from access_portal.errors import InvalidError
from access_portal.questionnaires import limits
from access_portal.questionnaires.definition import AtLeastOne, Check, Definition, Section, Text
from access_portal.questionnaires.nodes import Node, refuse
from access_portal.questionnaires.question_parsing import parse_question

TOP_KEYS = {"sections", "at_least_one", "checklist"}
SECTION_KEYS = {"id", "title", "intro", "questions"}
AT_LEAST_ONE_KEYS = {"of", "message"}
CHECK_KEYS = {"id", "text", "required"}


def parse_json(text: str) -> tuple[dict[str, Any], Definition]:
    """The definition as data and as objects; raises InvalidError naming the path at fault."""
    if len(text) > limits.JSON_CHARACTERS:
        raise InvalidError(
            "form_definition",
            _("A form definition has at most %(most)s characters.") % {"most": f"{limits.JSON_CHARACTERS:,}"},
            field="definition",
        )
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except RecursionError as error:
        raise InvalidError("form_definition", _("This JSON is nested too deeply."), field="definition") from error
    except ValueError as error:
        explanation = _("This is not JSON: %(reason)s") % {"reason": error}
        raise InvalidError("form_definition", explanation, field="definition") from error
    return document, parse(document)


def parse(document: object) -> Definition:
    """A definition from its JSON data; raises InvalidError naming the path at fault."""
    root = Node(document, "")
    root.check_keys(TOP_KEYS, {"sections"})
    sections = _sections(root)
    rules = tuple(_rule(node, sections) for node in root.items("at_least_one", most=limits.QUESTIONS))
    checks = tuple(_check(node) for node in root.items("checklist", most=limits.CHECKS))
    _refuse_twins([check.id for check in checks], "checklist")
    return Definition(sections, rules, checks)


def _sections(root: Node) -> tuple[Section, ...]:
    sections: list[Section] = []
    for node in root.items("sections", least=1, most=limits.SECTIONS):
        node.check_keys(SECTION_KEYS, {"id", "title", "questions"})
        before = {question.name: question for section in sections for question in section.questions}
        questions = []
        for place in node.items("questions", least=1, most=limits.QUESTIONS):
            question = parse_question(place, before)
            before[question.name] = question
            questions.append(question)
        if len(before) > limits.QUESTIONS:
            refuse(node.path, _("A form has at most %(most)d questions.") % {"most": limits.QUESTIONS})
        title, intro = node.text("title", limits.LABEL_CHARACTERS), node.text("intro", limits.HELP_CHARACTERS)
        sections.append(Section(node.name("id"), title, intro, tuple(questions)))
    _refuse_twins([section.id for section in sections], "sections")
    return tuple(sections)


def _rule(node: Node, sections: Sequence[Section]) -> AtLeastOne:
    node.check_keys(AT_LEAST_ONE_KEYS, AT_LEAST_ONE_KEYS)
    known = {question.name for section in sections for question in section.questions}
    names = [item.string(item.value, limits.NAME_CHARACTERS) for item in node.items("of", least=2, most=20)]
    for place, name in enumerate(names):
        if name not in known:
            refuse(f"{node.path}.of[{place}]", _("There is no question %(name)s.") % {"name": name})
    return AtLeastOne(tuple(names), node.text("message", limits.LABEL_CHARACTERS))


def _check(node: Node) -> Check:
    node.check_keys(CHECK_KEYS, {"id", "text"})
    text: Text = node.text("text", limits.LABEL_CHARACTERS)
    return Check(node.name("id"), text, node.flag("required"))


def _refuse_twins(names: Sequence[str], path: str) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            refuse(f"{path}[{place}].id", _("%(name)s is there twice.") % {"name": name})


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys: Mapping[str, Any] = dict(pairs)
    if len(keys) != len(pairs):
        twice = next(name for place, (name, _value) in enumerate(pairs) if name in dict(pairs[:place]))
        raise ValueError(_("the key %(name)s is there twice in one object") % {"name": json.dumps(twice[:80])})
    return dict(keys)


def _no_constant(name: str) -> None:
    raise ValueError(_("%(name)s is not a number") % {"name": name})
