"""What `static/js/questionnaire.js` is told of a question, as data-* attributes; the server checks it all again."""

from __future__ import annotations

import json

from django.template.defaultfilters import filesizeformat

from access_portal.questionnaires import files
from access_portal.questionnaires.definition import Question
from access_portal.questionnaires.wording import SAID


def rules_of(question: Question) -> dict[str, str]:
    """Attribute names, without `data-`, and their values."""
    rules = {
        "question": question.name,
        "kind": question.kind.value,
        "required": "yes" if question.required else "",
        "missing": str(question.missing),
        "when": _when(question),
        "endings": files.extensions(question),
        "types": files.wanted(question),
        "max-size": filesizeformat(question.max_bytes) if question.max_bytes else "",
    }
    for limit in (
        "min_words",
        "max_words",
        "min_characters",
        "max_characters",
        "min_number",
        "max_number",
        "max_bytes",
    ):
        number = getattr(question, limit)
        rules[limit.replace("_", "-")] = "" if number is None else str(number)
    return {name: value for name, value in rules.items() if value}


def sentences() -> str:
    """All sentences in the reader's language, as JSON; their blanks are written %(so)s."""
    return json.dumps({key: str(sentence) for key, sentence in SAID.items()})


def _when(question: Question) -> str:
    if not question.when:
        return ""
    return json.dumps({c.question: None if c.values is None else sorted(c.values) for c in question.when})
