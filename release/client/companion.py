"""Meta's layout on disk: each size in a folder of its own, and one tokenizer beside them all."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path

from .folder import disk_errors
from .hashing import file_chunks
from .manifest import Manifest

TOKENIZER = "tokenizer.model"


def place_tokenizer(size_folder: Path) -> str | None:
    """Put the tokenizer also where Meta's scripts look for it, beside the folder; what to tell where that cannot be.

    A hard link where the disk has them, so it takes no room. Raises RefusedError or NoSpaceError.
    """
    source, beside = size_folder / TOKENIZER, size_folder.parent / TOKENIZER
    if not source.is_file():
        return None
    with disk_errors(size_folder.parent):
        if beside.is_symlink() or beside.exists():
            same = beside.is_file() and _hash(beside) == _hash(source)
            return (
                None if same else f"{beside} is another tokenizer; it was left as it is. Use {source} with this model."
            )
        fresh = beside.with_name(f"{TOKENIZER}.{os.getpid()}.new")
        try:
            fresh.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, fresh)
        fresh.replace(beside)
    return None


def tokenizer_differs(size_folder: Path, manifest: Manifest) -> bool:
    """Whether there is a tokenizer beside the folder that is not this release's."""
    beside = size_folder.parent / TOKENIZER
    wanted = {file.sha256 for file in manifest.files if file.path == TOKENIZER}
    return bool(wanted) and beside.is_file() and _hash(beside) not in wanted


def _hash(path: Path) -> str:
    taken = sha256()
    for chunk in file_chunks(path):
        taken.update(chunk)
    return taken.hexdigest()
