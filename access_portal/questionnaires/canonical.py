"""The one spelling of a definition that its fingerprint is taken of."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(definition: dict[str, Any]) -> str:
    """JSON with sorted keys and no spaces: the same text for the same definition, whichever database gave it back."""
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(definition: dict[str, Any]) -> str:
    """The SHA-256 of the canonical JSON, as hex."""
    return hashlib.sha256(canonical(definition).encode()).hexdigest()
