"""Which blocks of a partial file have arrived, each with its CRC-32: a text file that is only ever appended to.

A line counts when it is whole; what it says is checked against the bytes before it is believed. So a run that was
killed at any moment loses at most the blocks that were on their way.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from pathlib import Path
from threading import Event
from typing import BinaryIO

from . import record_files
from .manifest import File

FORMAT = "gatehouse-blocks/1"
LINE = re.compile(r"(\d{1,9}) ([0-9a-f]{8})")
ETAG = "etag "
SMALLEST_BLOCK_BYTES = 4096  # one of a billion tiny blocks would fill the memory
READ_BYTES = 1024 * 1024
LARGEST_BYTES = 256 * 1024 * 1024


class Journal:
    """Of one partial file. Appending is one write of one line, so threads need no lock."""

    def __init__(self, path: Path, file: File, block_bytes: int) -> None:
        """Begin anew or go on; `block_bytes` holds for a new one."""
        self._path = path
        self._file = file
        self.block_bytes = block_bytes
        self.etag: str | None = None  # the store's name for the content that the blocks are of
        self.claimed: dict[int, int] = self._read()  # block -> CRC-32
        self._handle = record_files.open_to_append(path)
        os.write(self._handle, b"\n" if self.claimed else self._head())

    @property
    def block_count(self) -> int:
        return -(-self._file.size // self.block_bytes)

    def add(self, block: int, crc: int) -> None:
        """This block has arrived."""
        os.write(self._handle, f"{block} {crc:08x}\n".encode())

    def add_etag(self, etag: str) -> None:
        """What follows is of this content; `etag` is on one line."""
        self.etag = etag
        os.write(self._handle, f"{ETAG}{etag}\n".encode("ascii", "replace"))

    def forget(self) -> None:
        """Nothing has arrived after all."""
        os.ftruncate(self._handle, 0)
        os.write(self._handle, self._head())
        self.claimed, self.etag = {}, None

    def close(self) -> None:
        os.close(self._handle)

    def _head(self) -> bytes:
        head = {"format": FORMAT, "path": self._file.path, "size": self._file.size, "sha256": self._file.sha256,
                "block_bytes": self.block_bytes}  # fmt: skip
        return json.dumps(head, sort_keys=True).encode() + b"\n"

    def _read(self) -> dict[int, int]:
        """Empty, and the file with it, unless it is a journal of this very file."""
        head, claimed, self.etag = read(self._path)
        block_bytes = head.get("block_bytes")
        same = all(head.get(name) == getattr(self._file, name) for name in ("path", "size", "sha256"))
        if not same or not isinstance(block_bytes, int):
            self._path.unlink(missing_ok=True)
            self.etag = None
            return {}
        self.block_bytes = block_bytes
        return {block: crc for block, crc in claimed.items() if block < self.block_count}


def read(path: Path) -> tuple[dict[str, object], dict[int, int], str | None]:
    """What it says of its file, the CRC-32 of each block, the last ETag; empty for anything that is no journal."""
    try:
        lines = record_files.read(path, LARGEST_BYTES).decode("ascii", "replace").split("\n")
        head = json.loads(lines[0])
    except (OSError, ValueError, RecursionError):
        return {}, {}, None
    if not isinstance(head, dict) or head.get("format") != FORMAT or not _is_block_size(head.get("block_bytes")):
        return {}, {}, None
    whole = lines[1:-1]  # a line without its end was cut
    etags = [line.removeprefix(ETAG) for line in whole if line.startswith(ETAG)]
    found = (LINE.fullmatch(line) for line in whole)
    return head, {int(each[1]): int(each[2], 16) for each in found if each}, etags[-1] if etags else None


def claimed_bytes(path: Path, file: File) -> int:
    """How much of `file` the journal says has arrived: for a plan, not for trust."""
    return sum(size for _, size, _ in _claims(path, file))


def sound_bytes(path: Path, file: File, handle: BinaryIO, stop: Event) -> int:
    """How much of what `handle` holds is as the journal has it, read block by block."""
    found = 0
    for start, size, crc in _claims(path, file):
        if stop.is_set():
            break
        handle.seek(start)
        found += size if _crc(handle, size) == crc else 0
    return found


def _claims(path: Path, file: File) -> list[tuple[int, int, int]]:
    """Start, size and CRC-32 of each block that arrived; none from a journal of another content."""
    head, claimed, _ = read(path)
    block_bytes = head.get("block_bytes")
    if head.get("sha256") != file.sha256 or not isinstance(block_bytes, int):
        return []
    starts = ((block * block_bytes, crc) for block, crc in claimed.items())
    return [(start, min(block_bytes, file.size - start), crc) for start, crc in starts if start < file.size]


def _crc(handle: BinaryIO, size: int) -> int:
    """Of the next so many bytes, or of those that there are."""
    crc = 0
    while size > 0 and (data := handle.read(min(size, READ_BYTES))):
        crc, size = zlib.crc32(data, crc), size - len(data)
    return crc


def _is_block_size(told: object) -> bool:
    return type(told) is int and told >= SMALLEST_BLOCK_BYTES
