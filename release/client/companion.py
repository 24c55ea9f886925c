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


def shares_tokenizer(size_folder: Path) -> bool:
    """Whether the tokenizer beside the folder is the very file that is in it, as an earlier run put it there."""
    source, beside = size_folder / TOKENIZER, size_folder.parent / TOKENIZER
    return source.is_file() and beside.is_file() and beside.samefile(source)


def place_tokenizer(size_folder: Path, *, ours: bool = False) -> str | None:
    """Put the tokenizer also where Meta's scripts look for it, beside the folder; what to tell where that cannot be.

    A hard link where the disk has them, so it takes no room. `ours` is one that an earlier run put there: it may be
    replaced. Raises RefusedError or NoSpaceError.
    """
    source, beside = size_folder / TOKENIZER, size_folder.parent / TOKENIZER
    if not source.is_file():
        return None
    with disk_errors(size_folder.parent):
        if beside.exists() and beside.samefile(source):  # also where somebody linked the one to the other
            return None
        if not ours and (beside.is_symlink() or beside.exists()):
            same = beside.is_file() and _hash(beside) == _hash(source)
            return (
                None if same else f"{beside} is another tokenizer; it was left as it is. Use {source} with this model."
            )
        fresh = beside.with_name(f"{TOKENIZER}.{os.getpid()}.new")
        fresh.unlink(missing_ok=True)
        try:
            fresh.hardlink_to(source.resolve())  # a name for the file, never for a link to it
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
