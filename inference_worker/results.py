"""The lines that a worker reads and writes: prepared requests in, output and error lines out, each one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from release.storage import jobs_store

CONTENT_TYPE = "application/jsonl"


@dataclass(frozen=True)
class Line:
    """One request of a batch; `id` (`batch_req_…`) is this line's own wherever it appears again."""

    id: str
    custom_id: str
    body: dict[str, Any]

    @property
    def tail(self) -> str:
        """What the ids of everything made for this line have in common, so that a second run names them alike."""
        return self.id.removeprefix("batch_req_")


def read_lines(key: str) -> list[Line]:
    """The prepared lines of one chunk."""
    return [Line(**json.loads(text)) for text in jobs_store().read(key).split(b"\n") if text]


def write_lines(key: str, lines: Iterable[Line]) -> None:
    """Store lines as a chunk's input."""
    write(key, [encode(vars(line)) for line in lines])


def attempt_keys(batch_id: str, chunk_index: int, fencing: int) -> tuple[str, str]:
    """Where one attempt writes its output and its error lines; no other attempt writes there."""
    stem = f"results/{batch_id}/{chunk_index}/{fencing}"
    return f"{stem}.jsonl", f"{stem}.errors.jsonl"


def half_keys(batch_id: str, chunk_index: int, fencing: int) -> tuple[str, str]:
    """Where the lines are of the two halves of a chunk that was cut under this lease."""
    stem = f"results/{batch_id}/{chunk_index}/{fencing}"
    return f"{stem}.first.jsonl", f"{stem}.second.jsonl"


def write(key: str, encoded: list[bytes]) -> str:
    """Store lines; returns the key, or nothing where there are none and no object is made."""
    if not encoded:
        return ""
    jobs_store().put_bytes(key, b"".join(encoded), CONTENT_TYPE)
    return key


def delete(*keys: str) -> None:
    """Delete what is there; empty keys and missing objects are passed over."""
    store = jobs_store()
    for key in filter(None, keys):
        store.delete(key)


def count_lines(key: str) -> int:
    """How many lines an object has."""
    return sum(piece.count(b"\n") for piece in jobs_store().stream(key))


def answered(line: Line, body: dict[str, Any]) -> bytes:
    """A line of the output file."""
    return _reply(line, 200, body)


def refused(line: Line, *, status: int, code: str, message: str, param: str | None) -> bytes:
    """A line of the error file for a request that was answered with an error, as the API itself would word it."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return _reply(line, status, {"error": error})


def not_run(line: Line, *, code: str, message: str) -> bytes:
    """A line of the error file for a request that was not carried out."""
    return encode(
        {"id": line.id, "custom_id": line.custom_id, "response": None, "error": {"code": code, "message": message}}
    )


def not_run_lines(keys: Iterable[str], *, code: str, message: str) -> Iterator[bytes]:
    """Error lines for all lines of chunks that nobody ran."""
    for key in keys:
        for line in read_lines(key):
            yield not_run(line, code=code, message=message)


def encode(content: dict[str, Any]) -> bytes:
    """One line. ASCII, since a lone surrogate in a `custom_id` has no other form."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _reply(line: Line, status: int, body: dict[str, Any]) -> bytes:
    response = {"status_code": status, "request_id": f"req_{line.tail}", "body": body}
    return encode({"id": line.id, "custom_id": line.custom_id, "response": response, "error": None})
