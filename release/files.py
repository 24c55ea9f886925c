"""The files of a folder that is to be released, before anything is read of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from release.client.paths import path_problem
from release.errors import ReleaseFilesError

MAX_FILE_BYTES = 50_000_000_000  # Hub clients take no larger one
MAX_FILES = 1000
TEXT = "text/plain; charset=utf-8"
CONTENT_TYPES = {".json": "application/json", ".md": TEXT, ".txt": TEXT, ".chk": TEXT}


@dataclass(frozen=True)
class LocalFile:
    """`path` is relative to the release, with forward slashes; `source` is where it lies here."""

    path: str
    source: Path
    size_bytes: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(PurePosixPath(self.path).suffix, "application/octet-stream")


def collect(folder: Path) -> list[LocalFile]:
    """Every file of `folder`, sorted by path; raises ReleaseFilesError for what cannot be released as it is."""
    if not folder.is_dir():
        raise ReleaseFilesError(
            "folder_missing", _("There is no folder %s.") % folder, _("Name the folder of the files.")
        )
    files = [
        _local_file(folder, Path(place, name))
        for place, folders, names in os.walk(folder)
        for name in [*names, *(each for each in folders if Path(place, each).is_symlink())]
    ]
    if not 1 <= len(files) <= MAX_FILES:
        raise ReleaseFilesError(
            "file_count", _("%(folder)s holds %(count)d files.") % {"folder": folder, "count": len(files)},
            _("A release has from 1 to %d files.") % MAX_FILES,
        )  # fmt: skip
    return sorted(files, key=lambda file: file.path)


def checkpoint_folder(files: list[LocalFile]) -> Path:
    """Where the one `params.json` lies, if there is one tokenizer with it; raises ReleaseFilesError."""
    for name in ("tokenizer.model", "params.json"):
        found = [file.source.parent for file in files if file.name == name]
        if len(found) != 1:
            raise ReleaseFilesError(
                "model_files",
                _("The folder holds %(count)d files named %(name)s instead of one.")
                % {"count": len(found), "name": name},
                _("Each size is released on its own: name a folder with the weights of one model and its tokenizer."),
            )
    return found[0]


def _local_file(folder: Path, source: Path) -> LocalFile:
    path = source.relative_to(folder).as_posix()
    problem = path_problem(path)
    if problem is not None:
        raise _unfit(path, problem)
    if source.is_symlink() or not source.is_file():
        raise _unfit(path, "is a link or not a plain file; put the file itself there")
    size = source.stat().st_size
    if size > MAX_FILE_BYTES:
        raise _unfit(path, f"is larger than {MAX_FILE_BYTES:,} bytes; split the weights into more shards")
    return LocalFile(path, source, size)


def _unfit(path: str, problem: str) -> ReleaseFilesError:
    return ReleaseFilesError(
        "file_unfit",
        f"{path!r} {problem}.",
        _("Nothing was stored. Change it or take it out, then stage again."),
        path=path,
    )
