"""JSON of a model folder, which may come from anybody: bounded in size, an object, and no key twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import CheckpointError


def read_object(path: Path, *, max_bytes: int) -> dict[str, Any]:
    """Raises CheckpointError naming the file."""
    if not path.is_file():  # opening a pipe would wait for ever
        raise CheckpointError(path, "the file is missing")
    try:
        with path.open("rb") as file:
            text = file.read(max_bytes + 1)
    except OSError as error:
        raise CheckpointError(path, f"cannot be read: {error.strerror}") from None
    if len(text) > max_bytes:
        raise CheckpointError(path, f"must hold one JSON object of at most {max_bytes:,} bytes")
    return parse_object(path, text)


def parse_object(path: Path, text: bytes) -> dict[str, Any]:
    """Raises CheckpointError naming the file that the text is from."""
    try:
        found = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(path, f"cannot be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise CheckpointError(path, "must hold one JSON object")
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that is there twice, readers take one or the other."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"it has {key[:100]!a} twice")
        found[key] = value
    return found
