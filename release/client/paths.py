"""Which file names may be released: relative, plain, the same on every system."""

from __future__ import annotations

import unicodedata

MAX_PATH = 500
MAX_NAME = 200
FORBIDDEN = set("\\\"'<>|:*?")  # what other systems cannot store, or a header or a quoted shell word cannot carry


def path_problem(path: str) -> str | None:
    """Why this cannot be the path of a released file, as the end of a sentence; None when it can."""
    parts = path.split("/")
    if not path or len(path) > MAX_PATH or any(len(part.encode(errors="replace")) > MAX_NAME for part in parts):
        return "is empty or too long"
    if any(part in ("", ".", "..") for part in parts):
        return "is not a plain relative path"
    if any(part[0] == "." or part[0] == " " or part[-1] in " ." for part in parts):
        return "has a part that begins with a dot, or begins or ends with a space or dot"
    if not path.isprintable() or FORBIDDEN & set(path) or unicodedata.normalize("NFC", path) != path:
        return "has a character that not every system can store"
    return None
