"""The first lines of a finished batch's files, for its owner's page; read from the store, never kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from inference_worker.models import StoredFile
from release.errors import StorageError
from release.storage import jobs_store

READ_BYTES = 64 * 1024
MOST_LINES = 10
MOST_CHARACTERS = 600


@dataclass(frozen=True)
class Shown:
    """One line: an answer's text, or an error's code and message."""

    custom_id: str
    text: str
    code: str = ""


def first_lines(file: StoredFile | None) -> list[Shown]:
    """Whole lines from the beginning of a file; none when it is gone or the store does not answer."""
    if file is None or file.deleted_at is not None:
        return []
    try:
        *whole, _cut_off = jobs_store().read_range(file.storage_key, 0, min(READ_BYTES, file.size_bytes)).split(b"\n")
    except StorageError:
        return []
    return [_shown(json.loads(line)) for line in whole[:MOST_LINES]]


def _shown(line: dict[str, Any]) -> Shown:
    error = line["error"] or line["response"]["body"].get("error")
    if error:
        return Shown(line["custom_id"], error["message"][:MOST_CHARACTERS], error["code"])
    text = "\n".join(choice["text"] for choice in line["response"]["body"]["choices"])
    return Shown(line["custom_id"], text[:MOST_CHARACTERS])
