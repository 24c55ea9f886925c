"""Meta's `checklist.chk`: the MD5 of each file, as `md5sum` prints it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ..errors import CheckpointError
from .meta import shard_files

CHECKLIST = "checklist.chk"


def verify_checklist(folder: Path) -> list[str]:
    """Compare the MD5 of each file that `checklist.chk` lists; returns their names.

    Raises CheckpointError for a malformed line, a listed file that is missing or differs, and a weight file
    or params.json that is not listed. MD5 finds accidents, not forgery: for that there are signed manifests.
    """
    checklist = folder / CHECKLIST
    listed = _read_checklist(checklist)
    for name, digest in listed.items():
        file = folder / name
        if not file.is_file():
            raise CheckpointError(file, f"is listed in {CHECKLIST} but missing")
        with file.open("rb") as stream:
            actual = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if actual != digest:
            raise CheckpointError(file, f"has MD5 {actual}, but {CHECKLIST} says {digest}")
    for file in [*shard_files(folder), folder / "params.json"]:
        if file.name not in listed:
            raise CheckpointError(checklist, f"does not list {file.name}")
    return list(listed)


def _read_checklist(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        raise CheckpointError(path, "the file is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(path, f"cannot be read: {error}") from None
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        entry = re.fullmatch(r"([0-9a-fA-F]{32})  ?\*?([\w.-]+)", line.rstrip())
        if entry is None:
            raise CheckpointError(path, f"line {number} is not an MD5 and the name of a file in this folder")
        listed[entry[2]] = entry[1].lower()
    return listed
