"""JSON from strangers: of ordinary size, one object, no key twice; and JSON that is the same bytes each time."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from release.layouts.errors import Unloadable

MAX_BYTES = 1_000_000


def read_object(folder: Path, name: str, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The object in this file; raises Unloadable naming it."""
    return parse_object(name, read_bytes(folder, name, max_bytes))


def read_bytes(folder: Path, name: str, max_bytes: int = MAX_BYTES) -> bytes:
    try:
        with (folder / name).open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError:
        raise Unloadable(name, "is missing or cannot be read") from None
    if len(content) > max_bytes:
        raise Unloadable(name, f"has more than {max_bytes:,} bytes")
    return content


def parse_object(name: str, content: bytes, what: str = "") -> dict[str, Any]:
    """`what` names the part of the file that this is; raises Unloadable."""
    begin = f"{what} " if what else ""
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        twice = isinstance(error, _TwiceError)
        raise Unloadable(name, f"{begin}{error if twice else 'is not JSON'}") from None
    if not isinstance(found, dict):
        raise Unloadable(name, f"{begin}is not a JSON object")
    return found


def encode(content: dict[str, Any]) -> bytes:
    """Keys in the order given, two spaces, ASCII, a line end: readable, and the same on every machine."""
    return (json.dumps(content, indent=2, ensure_ascii=True) + "\n").encode("ascii")


class _TwiceError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(name, _times)] = Counter(name for name, _value in pairs).most_common(1)
        raise _TwiceError(f"names {name[:100]!r} twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
