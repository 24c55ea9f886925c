"""Reading a file that is to be released: known by its stamp while it is read, and hashed in one pass."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from io import BufferedReader

from django.utils.translation import gettext as _

from release.client.hashing import CHUNK_BYTES, Digests, digests_of
from release.errors import ReleaseFilesError
from release.files import LocalFile, Stamp
from release.large_files import blob_hash, is_large
from release.storage import PART_BYTES


@dataclass(frozen=True)
class Fingerprint:
    """All that is known of a file's bytes: `git_sha1` is empty for large ones, `part_md5s` are of
    PART_BYTES each, one at least."""

    digests: Digests
    git_sha1: str
    part_md5s: tuple[bytes, ...]


def fingerprint(file: LocalFile) -> Fingerprint:
    """Read the file once, whole; raises ReleaseFilesError when it cannot be read or is written to meanwhile."""
    git = None if is_large(file.path, file.size_bytes) else blob_hash(file.size_bytes)
    parts = [md5(usedforsecurity=False)]
    with opened(file) as source:
        digests = digests_of(_noting(source, parts, git))
    if digests.size_bytes != file.size_bytes:
        raise changed(file)
    return Fingerprint(digests, "" if git is None else git.hexdigest(), tuple(part.digest() for part in parts))


def read_part(file: LocalFile, number: int, known: Fingerprint) -> bytes:
    """Part `number`, counted from 1; raises ReleaseFilesError when it is not what it was when it was hashed."""
    with opened(file) as source:
        data = read_range(source, (number - 1) * PART_BYTES, PART_BYTES)
    if md5(data, usedforsecurity=False).digest() != known.part_md5s[number - 1]:
        raise changed(file)
    return data


def read_range(source: BufferedReader, start: int, length: int) -> bytes:
    """`length` bytes from `start`, fewer at the end of the file."""
    source.seek(start)
    return source.read(length)


@contextmanager
def opened(file: LocalFile) -> Iterator[BufferedReader]:
    """The file that was collected, open for reading; raises ReleaseFilesError if it is not that file, before or after.

    Without waiting: what was a plain file a moment ago may be a pipe by now, or a link to somewhere else.
    """
    try:
        descriptor = os.open(file.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(file, error) from error
    with os.fdopen(descriptor, "rb") as source:
        _require_same(file, descriptor)
        try:
            yield source
        except OSError as error:
            raise _unreadable(file, error) from error
        _require_same(file, descriptor)


def changed(file: LocalFile) -> ReleaseFilesError:
    return ReleaseFilesError(
        "file_changed",
        _("%s changed while it was being read.") % file.path,
        _("Make sure that nothing writes to the folder, then try again."),
        path=file.path,
    )


def _noting(source: BufferedReader, parts: list[hashlib._Hash], git: hashlib._Hash | None) -> Iterator[bytes]:
    """The chunks of the file, each added to the hashes that are not of the whole file."""
    chunks_of_a_part = PART_BYTES // CHUNK_BYTES
    for number, chunk in enumerate(iter(lambda: source.read(CHUNK_BYTES), b"")):
        if number and number % chunks_of_a_part == 0:
            parts.append(md5(usedforsecurity=False))
        parts[-1].update(chunk)
        if git is not None:
            git.update(chunk)
        yield chunk


def _require_same(file: LocalFile, descriptor: int) -> None:
    if Stamp.of(os.fstat(descriptor)) != file.stamp:
        raise changed(file)


def _unreadable(file: LocalFile, error: OSError) -> ReleaseFilesError:
    return ReleaseFilesError(
        "file_unreadable",
        _("%(path)s cannot be read: %(cause)s.") % {"path": file.path, "cause": error.strerror},
        _("Nothing of this version was changed. Make it readable, then try again."),
        path=file.path,
    )
