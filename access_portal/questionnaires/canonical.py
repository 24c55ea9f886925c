"""How a definition is written down: one spelling for its fingerprint, and one for people."""

from __future__ import annotations

import hashlib
import json
from typing import Any

# For people: names before words, words before rules. PostgreSQL gives keys back in an order of its own.
ORDER = (
    "sections", "id", "name", "kind", "title", "intro", "label", "text", "help", "why", "seen_by", "kept_for",
    "required", "missing", "when", "when_text", "choices", "value",
    "min_words", "max_words", "min_characters", "max_characters", "min_number", "max_number",
    "types", "max_bytes", "autocomplete", "questions", "at_least_one", "of", "message", "checklist", "en", "ms",
)  # fmt: skip
PLACES = {key: place for place, key in enumerate(ORDER)}


def canonical(definition: dict[str, Any]) -> str:
    """JSON with sorted keys and no spaces: the same text for the same definition, whichever database gave it back."""
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(definition: dict[str, Any]) -> str:
    """The SHA-256 of the canonical JSON, as hex."""
    return hashlib.sha256(canonical(definition).encode()).hexdigest()


def readable(definition: dict[str, Any]) -> str:
    """JSON to be read and edited: indented, keys in the order of `ORDER`."""
    return json.dumps(_in_order(definition), indent=2, ensure_ascii=False) + "\n"


def _in_order(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_order(item) for item in value]
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value, key=lambda key: (PLACES.get(key, 99), key))}
    return value
