"""Reads one question of a definition: what its kind allows, and conditions that look back only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from access_portal.questionnaires import limits
from access_portal.questionnaires.definition import Choice, Condition, Kind, Question
from access_portal.questionnaires.files import TYPES
from access_portal.questionnaires.nodes import Node, refuse

ANSWERED = "answered"
COMMON_KEYS = {
    "name", "kind", "label", "help", "why", "seen_by", "kept_for", "required", "missing", "when", "when_text",
}  # fmt: skip
WRITTEN_KEYS = {"min_words", "max_words", "min_characters", "max_characters"}
KEYS_OF_KIND: dict[Kind, set[str]] = {
    Kind.TEXT: WRITTEN_KEYS | {"autocomplete"},
    Kind.LONG_TEXT: WRITTEN_KEYS,
    Kind.CHOICE: {"choices"},
    Kind.CHOICES: {"choices"},
    Kind.YES_NO: set(),
    Kind.EMAIL: {"autocomplete"},
    Kind.URL: {"autocomplete"},
    Kind.INTEGER: {"min_number", "max_number"},
    Kind.CHECKBOX: set(),
    Kind.ORCID: set(),
    Kind.COUNTRY: {"autocomplete"},
    Kind.SIZES: set(),
    Kind.FILE: {"types", "max_bytes"},
}
NEEDED_OF_KIND: dict[Kind, set[str]] = {
    Kind.CHOICE: {"choices"},
    Kind.CHOICES: {"choices"},
    Kind.FILE: {"types", "max_bytes"},
}
AUTOCOMPLETE = {
    "off", "name", "given-name", "family-name", "email", "url", "tel", "organization", "organization-title",
    "country-name", "address-level1", "address-level2", "street-address", "postal-code", "language",
}  # fmt: skip
# Inputs with these names would hide what belongs to the form itself, in Django, in a browser or in our own pages.
RESERVED = {
    "action", "agree", "csrfmiddlewaretoken", "draft", "elements", "id", "length", "licence_sha256",
    "licence_version", "method", "name", "next", "reset", "submit", "target", "version",
}  # fmt: skip


def parse_question(node: Node, before: Mapping[str, Question]) -> Question:
    """The question at `node`; `before` are those that come earlier in the form."""
    kind = _kind(node)
    node.check_keys(COMMON_KEYS | KEYS_OF_KIND[kind], {"name", "kind", "label"} | NEEDED_OF_KIND.get(kind, set()))
    name = node.name("name")
    if name in RESERVED:
        refuse(node.at("name"), _("This name is taken by the form itself."))
    if name in before:
        refuse(node.at("name"), _("%(name)s is there twice.") % {"name": name})
    when = _when(node, before)
    if not when and node.get("when_text"):
        refuse(node.at("when_text"), _("There is no condition that this could tell of."))
    return Question(
        name=name,
        kind=kind,
        label=node.text("label", limits.LABEL_CHARACTERS),
        help=node.text("help", limits.HELP_CHARACTERS),
        why=node.text("why", limits.HELP_CHARACTERS),
        seen_by=node.text("seen_by", limits.LABEL_CHARACTERS),
        kept_for=node.text("kept_for", limits.LABEL_CHARACTERS),
        required=node.flag("required"),
        missing=node.text("missing", limits.LABEL_CHARACTERS),
        when=when,
        when_text=node.text("when_text", limits.LABEL_CHARACTERS),
        **_limits(node, kind),
    )


def _kind(node: Node) -> Kind:
    if not isinstance(node.value, dict):
        refuse(node.path, _("An object is expected here."))
    kind = node.get("kind")
    if not isinstance(kind, str) or kind not in set(Kind):
        refuse(node.at("kind"), _("This is one of: %(kinds)s.") % {"kinds": ", ".join(Kind)})
    return Kind(kind)


def _limits(node: Node, kind: Kind) -> dict[str, Any]:
    """What only some kinds have. A limit that is not given is the house's own."""
    long = kind == Kind.LONG_TEXT
    most = limits.LONG_TEXT_CHARACTERS if long else limits.LINE_CHARACTERS
    found: dict[str, Any] = {
        "min_words": node.number("min_words", 1, most),
        "max_words": node.number("max_words", 1, most),
        "min_characters": node.number("min_characters", 1, most),
        "max_characters": node.number("max_characters", 1, most),
        "min_number": node.number("min_number", -limits.NUMBER, limits.NUMBER),
        "max_number": node.number("max_number", -limits.NUMBER, limits.NUMBER),
        "max_bytes": node.number("max_bytes", 1, limits.FILE_BYTES),
        "choices": _choices(node),
        "types": _types(node),
        "autocomplete": _autocomplete(node),
    }
    for unit in ("words", "characters", "number"):
        low, high = found[f"min_{unit}"], found[f"max_{unit}"]
        if low is not None and high is not None and low > high:
            refuse(node.at(f"min_{unit}"), _("This is more than the most that is allowed."))
    if kind in {Kind.TEXT, Kind.LONG_TEXT} and found["max_characters"] is None:
        found["max_characters"] = max(limits.LONG_TEXT_DEFAULT if long else limits.LINE_DEFAULT,
                                      found["min_characters"] or 0)  # fmt: skip
    return found


def _choices(node: Node) -> tuple[Choice, ...]:
    if "choices" not in node.value:
        return ()
    found: list[Choice] = []
    for item in node.items("choices", least=2, most=limits.CHOICES):
        item.check_keys({"value", "label"}, {"value", "label"})
        value = item.name("value")
        if value in {choice.value for choice in found}:
            refuse(item.at("value"), _("%(name)s is there twice.") % {"name": value})
        found.append(Choice(value, item.text("label", limits.LABEL_CHARACTERS)))
    return tuple(found)


def _types(node: Node) -> tuple[str, ...]:
    if "types" not in node.value:
        return ()
    items = node.items("types", least=1, most=len(TYPES))
    for item in items:
        if not isinstance(item.value, str) or item.value not in TYPES:
            refuse(item.path, _("This is one of: %(types)s.") % {"types": ", ".join(TYPES)})
    return tuple(dict.fromkeys(item.value for item in items))


def _autocomplete(node: Node) -> str:
    token = node.value.get("autocomplete", "")
    if not isinstance(token, str) or token not in AUTOCOMPLETE | {""}:
        refuse(node.at("autocomplete"), _("This is one of: %(tokens)s.") % {"tokens": ", ".join(sorted(AUTOCOMPLETE))})
    return token


def _when(node: Node, before: Mapping[str, Question]) -> tuple[Condition, ...]:
    if "when" not in node.value:
        return ()
    place = Node(node.get("when"), node.at("when"))
    if not isinstance(place.value, dict) or not 1 <= len(place.value) <= 10:
        refuse(place.path, _("An object is expected here."))
    return tuple(_condition(place, name, before) for name in place.value)


def _condition(place: Node, name: str, before: Mapping[str, Question]) -> Condition:
    other = before.get(name)
    if other is None:
        refuse(place.at(name[:80]), _("A condition may only look at a question that was asked before this one."))
    if place.get(name) == ANSWERED:
        return Condition(name, None)
    known = values_of(other)
    if not known:
        refuse(place.at(name), _("Of this question one can only tell whether it is answered: write “answered”."))
    values = []
    for item in place.items(name, least=1, most=limits.CHOICES):
        if not isinstance(item.value, str) or item.value not in known:
            refuse(item.path, _("This is one of: %(values)s.") % {"values": ", ".join(known)})
        values.append(item.value)
    return Condition(name, frozenset(values))


def values_of(question: Question) -> tuple[str, ...]:
    """The answers that a condition may name; none for questions with open answers."""
    if question.kind == Kind.YES_NO:
        return ("yes", "no")
    return tuple(choice.value for choice in question.choices)
