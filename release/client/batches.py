"""Batches of prompts over the server's inference API, which has the shape that OpenAI's clients know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .errors import RefusedError, UsageError
from .problems import not_gatehouse
from .session import Portal
from .wording import printable

API = "/v1/"
WINDOW = "24h"
LONGEST_LINE = 4_000_000


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


def submit(portal: Portal, path: Path, promise: str) -> Batch:
    """Upload the file and begin; with the same `promise` (any text) twice, it begins once. Raises ClientError."""
    portal.require_token()
    endpoint = _endpoint(path)
    with path.open("rb") as file:
        uploaded = portal.upload("/v1/files", {"purpose": "batch"}, (path.name, file, "application/jsonl"))
    order = {"input_file_id": _id(portal, uploaded.get("id")), "endpoint": endpoint, "completion_window": WINDOW}
    return _batch(portal, portal.post("/v1/batches", order, **{"Idempotency-Key": promise}))


def listed(portal: Portal) -> list[Batch]:
    """The newest, at most a hundred."""
    portal.require_token()
    rows = portal.get("/v1/batches", limit="100").get("data")
    if not isinstance(rows, list):
        raise not_gatehouse(portal.server, "batches of another shape")
    return [_batch(portal, row) for row in rows]


def find(portal: Portal, batch_id: str) -> Batch:
    portal.require_token()
    return _batch(portal, portal.get(f"/v1/batches/{_sound(batch_id)}"))


def cancel(portal: Portal, batch_id: str) -> Batch:
    portal.require_token()
    return _batch(portal, portal.post(f"/v1/batches/{_sound(batch_id)}/cancel", {}))


def save_file(portal: Portal, file_id: str, target: BinaryIO) -> int:
    """How many bytes were written."""
    return portal.save(f"/v1/files/{_sound(file_id)}/content", target)


def require_results(batch: Batch) -> None:
    """Raises RefusedError when there is nothing to fetch."""
    if batch.output_file is None and batch.error_file is None:
        raise RefusedError(
            "batch_without_results",
            f"{batch.id} is {batch.status} and has no results.",
            f"`gatehouse batch status {batch.id}` says how far it is.",
        )


def _endpoint(path: Path) -> str:
    """The one that the first line names; raises UsageError for a file that is no batch."""
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline(LONGEST_LINE))
    except OSError as error:
        raise UsageError("file_unreadable", f"{path} cannot be read: {error.strerror}.") from error
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
