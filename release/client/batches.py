"""Batches of prompts over the server's inference API, which has the shape that OpenAI's clients know."""

from __future__ import annotations

import errno
import json
from codecs import BOM_UTF8 as BOM
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

from .errors import NetworkError, RefusedError, UsageError
from .problems import not_gatehouse
from .session import Portal
from .wording import printable

API = "/v1/"
WINDOW = "24h"
LONGEST_LINE = 4_000_000
LONGEST_KEY = 255
KEY_USED = "idempotency_key_reuse"
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Batch:
    """Counts are of lines; file names are the server's, None while there is no such file."""

    id: str
    status: str
    model: str
    total: int
    completed: int
    failed: int
    output_file: str | None
    error_file: str | None
    errors: tuple[str, ...]


def submit(portal: Portal, path: Path, key: str | None = None) -> Batch:
    """Upload the file and begin; the same file with the same `key` (any text) begins once. Raises ClientError."""
    portal.require_token()
    _require_key(key)
    with _opened(path) as file:
        order: dict[str, Any] = {"endpoint": _endpoint(path, file), "completion_window": WINDOW}
        if key is not None:
            file.seek(0)
            order["metadata"] = {"gatehouse_key": key, "gatehouse_sha256": file_digest(file, "sha256").hexdigest()}
        file.seek(0)
        uploaded = portal.upload("/v1/files", {"purpose": "batch"}, (path.name, file, "application/jsonl"))
    order["input_file_id"] = _id(portal, uploaded.get("id"))
    return _begin(portal, order, key)


def _begin(portal: Portal, order: dict[str, Any], key: str | None) -> Batch:
    """Asked again when the answer is lost, which the key makes safe. Each upload has another id, and so another order:
    the server refuses the key, and what it began is found by the marks that we left on it."""
    try:
        return _batch(portal, portal.post("/v1/batches", order, promise=key or token_hex(16)))
    except NetworkError as error:
        error.remedy = f"{error.remedy} `gatehouse batch status` shows whether it began all the same."
        raise
    except RefusedError as error:
        begun = (row for row in _rows(portal) if isinstance(row, dict) and row.get("metadata") == order.get("metadata"))
        found = next(begun, None) if key is not None and error.code == KEY_USED else None
        if found is None:
            raise
        portal.send("DELETE", f"/v1/files/{order['input_file_id']}")  # if it stays, the server forgets it in a month
        return _batch(portal, found)


def listed(portal: Portal) -> list[Batch]:
    """All of them, newest first."""
    portal.require_token()
    return [_batch(portal, row) for row in _rows(portal)]


def _rows(portal: Portal) -> Iterator[Any]:
    """Page by page; a list that leads in circles ends."""
    place: dict[str, str] = {}
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        page = portal.get("/v1/batches", limit="100", **place)
        rows, last = page.get("data"), page.get("last_id")
        if not isinstance(rows, list):
            raise not_gatehouse(portal.server, "batches of another shape")
        if isinstance(last, str) and last in seen:
            return
        yield from rows
        if page.get("has_more") is not True or not isinstance(last, str):
            return
        seen.add(last)
        place = {"after": last}


def find(portal: Portal, batch_id: str) -> Batch:
    portal.require_token()
    return _batch(portal, portal.get(f"/v1/batches/{_sound(batch_id)}"))


def cancel(portal: Portal, batch_id: str) -> Batch:
    portal.require_token()
    return _batch(portal, portal.post(f"/v1/batches/{_sound(batch_id)}/cancel", {}))


def save_file(portal: Portal, file_id: str, write: Callable[[bytes], int]) -> int:
    """How many bytes were written."""
    return portal.save(f"/v1/files/{_sound(file_id)}/content", write)


def require_results(batch: Batch) -> None:
    """Raises RefusedError when there is nothing to fetch."""
    if batch.output_file is None and batch.error_file is None:
        raise RefusedError(
            "batch_without_results",
            f"{batch.id} is {batch.status} and has no results.",
            f"`gatehouse batch status {batch.id}` says how far it is.",
        )


def _require_key(key: str | None) -> None:
    """Raises UsageError for one that the server or a header cannot carry."""
    if key is None or (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and key == key.strip()):
        return
    raise UsageError(
        "idempotency_key",
        f"{key[:100]!r} cannot be the key of a batch.",
        f"A key has from 1 to {LONGEST_KEY} characters of ASCII, with no space at its ends.",
    )


def _opened(path: Path) -> BufferedReader:
    """Raises UsageError; for a pipe as well, since what is read from it cannot be read again."""
    try:
        if not (path.is_file() or path.is_dir()) and path.exists():
            raise OSError(errno.ESPIPE, "it is no plain file")
        return path.open("rb")
    except OSError as error:
        raise UsageError("file_unreadable", f"{path} cannot be read: {error.strerror}.") from error


def _endpoint(path: Path, file: BinaryIO) -> str:
    """The one that the first line names, blank ones left out; raises UsageError for a file that is no batch."""
    line = file.readline(LONGEST_LINE).removeprefix(BOM)
    while line and not line.strip():
        line = file.readline(LONGEST_LINE)
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        first = None
    url = first.get("url") if isinstance(first, dict) else None
    if not isinstance(url, str) or not url.startswith(API):
        raise UsageError(
            "no_batch",
            f"The first line of {path} is not a request of a batch.",
            'Each line is as in {"custom_id": "a1", "method": "POST", "url": "/v1/completions", "body": {…}}.',
        )
    return url


def _batch(portal: Portal, told: Any) -> Batch:
    if not isinstance(told, dict):
        raise not_gatehouse(portal.server, "a batch of another shape")
    counts, errors = told.get("request_counts"), told.get("errors")
    counts = counts if isinstance(counts, dict) else {}
    rows = errors.get("data") if isinstance(errors, dict) else None
    return Batch(
        id=_id(portal, told.get("id")),
        status=printable(told.get("status") or ""),
        model=printable(told.get("model") or ""),
        **{name: _count(counts, name) for name in ("total", "completed", "failed")},
        output_file=_file(told.get("output_file_id")),
        error_file=_file(told.get("error_file_id")),
        errors=tuple(_error(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else (),
    )


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def _file(told: object) -> str | None:
    return printable(told) if isinstance(told, str) and told else None


def _error(row: Mapping[str, Any]) -> str:
    line = f"line {row['line']}: " if row.get("line") else ""
    return printable(f"{line}{row.get('message') or row.get('code') or ''}")


def _id(portal: Portal, told: object) -> str:
    if not isinstance(told, str) or not _is_sound(told):
        raise not_gatehouse(portal.server, "an answer without its id")
    return told


def _sound(text: str) -> str:
    if not _is_sound(text):
        raise UsageError(
            "batch_id", f"{text[:100]!r} is not the id of a batch.", "`gatehouse batch status` lists yours."
        )
    return text


def _is_sound(text: str) -> bool:
    """It becomes part of an address."""
    return 0 < len(text) <= 100 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
