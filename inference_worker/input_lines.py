"""The lines of an input file, read as it streams by; and the rules without which a batch does not run at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from inference_worker import strict_json

BOM = b"\xef\xbb\xbf"
LONGEST_CUSTOM_ID = 512


@dataclass(frozen=True)
class InputLine:
    """`number` counts from 1, blank lines included; `data` is None for a line that is too long to be read."""

    number: int
    data: bytes | None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a whole batch, or with one of its lines, in the API's words."""

    code: str
    message: str
    param: str | None = None
    line: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class StructureError(Exception):
    """A line that fails its whole batch."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


@dataclass(frozen=True)
class Order:
    """A line that is well formed: what to run, and how its owner calls it."""

    custom_id: str
    body: dict[str, Any]
    model: str


def split(pieces: Iterable[bytes], max_bytes: int) -> Iterator[InputLine]:
    """The lines that are not blank; holds at most `max_bytes` and one piece at a time."""
    for number, data in enumerate(_raw_lines(pieces, max_bytes), start=1):
        text = data.removeprefix(BOM) if number == 1 else data
        if len(text.rstrip(b"\r")) > max_bytes:
            yield InputLine(number, None)
        elif text.strip():
            yield InputLine(number, text)


def _raw_lines(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Of a line that is too long only the beginning, enough to see that it is."""
    enough = max_bytes + len(BOM) + 2
    begun = bytearray()
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for end in ended:
            begun += end[: enough - len(begun)]
            yield bytes(begun)
            begun.clear()
        begun += rest[: enough - len(begun)]
    if begun:
        yield bytes(begun)


class LineRules:
    """Reads the lines of one batch in order; remembers the ids it has seen, by digest."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._seen: set[bytes] = set()

    def read(self, line: InputLine) -> Order:
        """Raises StructureError for the first rule that the line breaks."""
        content = _decode(line)
        custom_id = _member(content, "custom_id", str)
        if not 1 <= len(custom_id) <= LONGEST_CUSTOM_ID:
            raise StructureError(
                "invalid_request", f"custom_id must have from 1 to {LONGEST_CUSTOM_ID} characters.", "custom_id"
            )
        self._remember(custom_id)
        if _member(content, "method", str) != "POST":
            raise StructureError("invalid_method", "method must be POST.", "method")
        if _member(content, "url", str) != self._endpoint:
            raise StructureError("url_mismatch", f"url must be {self._endpoint}, as the batch's endpoint.", "url")
        body = _member(content, "body", dict)
        if body.get("stream") is True:
            raise StructureError("invalid_request", "A line of a batch cannot be streamed.", "body.stream")
        return Order(custom_id, body, _member(body, "model", str, "body.model"))

    def _remember(self, custom_id: str) -> None:
        digest = hashlib.blake2b(custom_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._seen:
            raise StructureError("duplicate_custom_id", "This custom_id was used on an earlier line.", "custom_id")
        self._seen.add(digest)


def _decode(line: InputLine) -> dict[str, Any]:
    if line.data is None:
        raise StructureError("invalid_request", "The line is too long.")
    try:
        content = strict_json.loads(line.data)
    except ValueError as error:
        raise StructureError("invalid_json_line", f"The line is not JSON: {error}.") from None
    if not isinstance(content, dict):
        raise StructureError("invalid_json_line", "The line must hold one JSON object.")
    return content


def _member(content: dict[str, Any], name: str, kind: type, param: str = "") -> Any:
    param = param or name
    if content.get(name) is None:
        raise StructureError("invalid_request", f"{param} is missing.", param)
    if not isinstance(content[name], kind):
        wanted = "an object" if kind is dict else "a string"
        raise StructureError("invalid_request", f"{param} must be {wanted}.", param)
    return content[name]
