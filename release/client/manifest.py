"""The manifest of a release: what it consists of, as canonical JSON, and checking a folder against it.

Pure: no database, no store. The same files under the same licence give the same bytes, hence the same digest, and the
first 40 digits of that digest are the commit by which Hub clients name the release.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from .errors import ManifestError
from .hashing import digests_of, file_chunks
from .paths import path_problem

FORMAT = "gatehouse-manifest/2"
FIRST_FORMAT = "gatehouse-manifest/1"  # did not tell layouts apart; still read, never written
FORMATS = (FIRST_FORMAT, FORMAT)
COMMIT_DIGITS = 40
SHA256 = re.compile(r"[0-9a-f]{64}")
MD5 = re.compile(r"[0-9a-f]{32}")
MAX_MANIFEST_BYTES = 16 * 1024 * 1024
LARGEST_FILE_BYTES = 2**63 - 1


class Layout(StrEnum):
    """For which loaders a file is there: Meta's own, those of Hugging Face, or any."""

    META = "meta"
    HF = "hf"
    ANY = "any"


@dataclass(frozen=True)
class File:
    """One file of a release, by its path relative to the release's folder."""

    path: str
    size: int
    sha256: str
    md5: str
    layout: Layout = Layout.ANY


@dataclass(frozen=True)
class LicenceText:
    """The very text that the release is published under."""

    slug: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`files` are kept sorted by path when encoded, in whatever order they are given."""

    model: str
    version: str
    licence: LicenceText
    files: tuple[File, ...]


@dataclass(frozen=True)
class Difference:
    """What a folder holds otherwise than the manifest says."""

    path: str
    problem: str  # the end of a sentence that begins with the path


def encode(manifest: Manifest) -> bytes:
    """Canonical JSON: sorted keys, files sorted by path, no spaces, ASCII only."""
    content = {"format": FORMAT, **asdict(manifest), "files": [asdict(file) for file in _sorted(manifest.files)]}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(encoded: bytes) -> str:
    return sha256(encoded).hexdigest()


def commit(encoded: bytes) -> str:
    """The 40 hexadecimal digits that name this content for Hub clients."""
    return digest(encoded)[:COMMIT_DIGITS]


def decode(data: bytes) -> Manifest:
    """Read a manifest from anywhere; raises ManifestError unless it is one, complete and safe to follow."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise _invalid("it is too large")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise _invalid("it is not JSON") from None
    if (
        not isinstance(content, dict)
        or content.get("format") not in FORMATS
        or not isinstance(content.get("files"), list)
    ):
        raise _invalid(f"it is not in the format {FORMAT}")
    licence = _strings(content.get("licence"), "slug", "version", "sha256")
    names = _strings(content, "model", "version")
    told = content["format"] != FIRST_FORMAT
    files = _sorted(tuple(_file(entry, told=told) for entry in content["files"]))
    if len({file.path for file in files}) != len(files):
        raise _invalid("it names a file twice")
    return Manifest(names["model"], names["version"], LicenceText(**licence), files)


def differences(manifest: Manifest, folder: Path) -> Iterator[Difference]:
    """Compare every file with the manifest, one after another; files that it does not name are no concern of it."""
    for file in manifest.files:
        here = folder / file.path
        if not here.is_file():
            yield Difference(file.path, "is missing")
        elif here.stat().st_size != file.size:
            yield Difference(file.path, f"has {here.stat().st_size} bytes instead of {file.size}")
        elif digests_of(file_chunks(here)).sha256 != file.sha256:
            yield Difference(file.path, "has another SHA-256: it was damaged or altered")


def _sorted(files: tuple[File, ...]) -> tuple[File, ...]:
    return tuple(sorted(files, key=lambda file: file.path))


def _file(entry: Any, *, told: bool) -> File:
    values = _strings(entry, "path", "sha256", "md5")
    layout = entry.get("layout") if told else Layout.ANY
    if layout not in list(Layout):
        raise _invalid("a layout is not one of meta, hf and any")
    size = entry.get("size")
    if type(size) is not int or not 0 <= size <= LARGEST_FILE_BYTES:
        raise _invalid("a size is not a whole number that a file can have")
    if not SHA256.fullmatch(values["sha256"]) or not MD5.fullmatch(values["md5"]):
        raise _invalid("a hash is not in lower-case hexadecimal digits")
    problem = path_problem(values["path"])
    if problem:
        raise _invalid(f"the path {values['path'][:100]!r} {problem}")
    return File(size=size, layout=Layout(layout), **values)


def _strings(content: Any, *names: str) -> dict[str, str]:
    if not isinstance(content, dict) or not all(isinstance(content.get(name), str) for name in names):
        raise _invalid(f"it lacks {' or '.join(names)}")
    return {name: content[name] for name in names}


def _invalid(reason: str) -> ManifestError:
    return ManifestError(
        "manifest_invalid", f"This manifest cannot be used: {reason}.", "Download it again from the release's page."
    )
