"""SHA-256, MD5 and size of bytes as they pass by, so that nothing is read twice for want of one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Digests:
    """MD5 is for Meta's `checklist.chk` and finds accidents only; what we promise rests on SHA-256."""

    size_bytes: int
    sha256: str
    md5: str


def digests_of(chunks: Iterable[bytes]) -> Digests:
    """Read to the end."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for chunk in chunks:
        sha256.update(chunk)
        md5.update(chunk)
        size += len(chunk)
    return Digests(size, sha256.hexdigest(), md5.hexdigest())


def file_chunks(path: Path) -> Iterator[bytes]:
    """The file in chunks; raises OSError."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
