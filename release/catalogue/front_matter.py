"""The head of a model card as Hub clients read it: YAML, in which every text is written as JSON, which is YAML too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Value = str | bool | Sequence[str] | Mapping[str, str]


def front_matter(fields: Mapping[str, Value]) -> str:
    """Between its two rules; one line for each text, so that nothing in it can end the head."""
    lines = [line for name, value in fields.items() for line in _lines(name, value)]
    return "\n".join(["---", *lines, "---", ""])


def _lines(name: str, value: Value) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}:", *(f"  {_text(key)}: {_text(text)}" for key, text in value.items())]
    if isinstance(value, str | bool):
        return [f"{name}: {_text(value)}"]
    return [f"{name}:", *(f"- {_text(text)}" for text in value)]


def _text(value: str | bool) -> str:
    """ASCII, so that no reader of YAML takes a character for the end of a line."""
    return json.dumps(value)
