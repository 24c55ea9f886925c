"""`checklist.chk`: MD5 sums as `md5sum` writes them, as Meta gives with its files: against accident, not forgery."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from release.layouts.errors import Unloadable
from release.layouts.jsonfiles import read_bytes
from release.layouts.names import CHECKLIST

LINE = re.compile(r"([0-9a-fA-F]{32}) [ *]?([\w.-]+)\s*")


def check_sums(folder: Path, required: Iterable[str]) -> None:
    """Compare every file of the list, which must name all that is `required`; raises Unloadable naming the file."""
    sums = _read(folder)
    for name in required:
        if name not in sums:
            raise Unloadable(CHECKLIST, f"does not list {name}")
    for name, expected in sums.items():
        if not (folder / name).is_file():
            raise Unloadable(name, f"is listed in {CHECKLIST} but missing")
        actual = md5(folder / name)
        if actual != expected:
            raise Unloadable(name, f"has MD5 {actual}, but {CHECKLIST} says {expected}")


def checklist_text(files: Iterable[Path]) -> bytes:
    """The list for these files, sorted by name."""
    lines = [f"{md5(file)}  {file.name}\n" for file in sorted(files, key=lambda file: file.name)]
    return "".join(lines).encode("ascii")


def md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _read(folder: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    for line in read_bytes(folder, CHECKLIST).decode("ascii", errors="replace").splitlines():
        entry = LINE.fullmatch(line)
        if entry is None:
            raise Unloadable(CHECKLIST, "has a line that is not an MD5 sum and the name of a file beside it")
        if sums.setdefault(entry[2], entry[1].lower()) != entry[1].lower():
            raise Unloadable(CHECKLIST, f"gives two sums for {entry[2]}")
    return sums
