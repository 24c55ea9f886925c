"""Small definitions, and a full set of good answers to the house form."""

from __future__ import annotations

from typing import Any

from access_portal.questionnaires.building import QuestionnaireForm, build_form
from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.parsing import parse

SIZES = [("1m", "1M"), ("7b", "7B")]
FAVOURITES: dict[str, Any] = {
    "choices": [{"value": "tea", "label": {"en": "Tea", "ms": "Teh"}}, {"value": "rum", "label": {"en": "Rum"}}]
}
PURPOSE = "We study how small models learn to agree in number, layer by layer, and where exactly it goes wrong. " * 2

GOOD: dict[str, Any] = {
    "institution": "Example University",
    "country": "Malaysia",
    "position": "student",
    "orcid": "0000-0002-1825-0097",
    "web_page": "https://uni.example/ada",
    "publications": "https://doi.org/10.1/x\nhttps://doi.org/10.1/y",
    "supervisor_name": "Grace Example",
    "supervisor_email": "grace@uni.example",
    "co_members": "Bo Example",
    "purpose": PURPOSE.strip(),
    "sharing": "A paper and the code, both open.",
    "use_statement": "How models learn to agree.",
    "publish_statement": "yes",
    "human_data": "yes",
    "ethics": "The board of the university looked at it.",
    "sizes": ["1m"],
    "needs_download": True,
    "needs_inference": True,
    "estimated_tokens": 250_000,
}


def question(kind: str = "text", name: str = "q", **more: Any) -> dict[str, Any]:
    """One question as data, with what its kind cannot do without."""
    needed: dict[str, Any] = {}
    if kind in {"choice", "choices"}:
        needed = FAVOURITES
    if kind == "file":
        needed = {"types": ["pdf", "png", "jpeg", "text"], "max_bytes": 1_000}
    return {"name": name, "kind": kind, "label": {"en": name.capitalize()}, **needed, **more}


def document(*questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A definition as data: one section with these questions."""
    return {"sections": [{"id": "one", "title": {"en": "One"}, "questions": list(questions)}], **more}


def sheet(*questions: dict[str, Any], **more: Any) -> Definition:
    return parse(document(*questions, **more))


def filled(definition: Definition, data: dict[str, Any] | Any, **options: Any) -> QuestionnaireForm:
    """The form with these answers sent."""
    return build_form(definition, data=data, sizes=SIZES, **options)
