"""The files of a folder that is to be released, before anything is read of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from release.client.paths import path_problem
from release.errors import ReleaseFilesError

MAX_FILE_BYTES = 50_000_000_000  # Hub clients take no larger one
MAX_FILES = 1000
TEXT = "text/plain; charset=utf-8"
CONTENT_TYPES = {".json": "application/json", ".md": TEXT, ".txt": TEXT, ".chk": TEXT}


@dataclass(frozen=True)
class Stamp:
    """By which a file is known to be the one that was looked at, not written to since.

    The time of its last change is there twice: anybody who may write can put the first back, and nobody the second.
    """

    device: int
    inode: int
    size_bytes: int
    written_ns: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True)
class LocalFile:
    """`path` is relative to the release, with forward slashes; `source` is where it lies here."""

    path: str
    source: Path
    stamp: Stamp

    @property
    def size_bytes(self) -> int:
        return self.stamp.size_bytes

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(PurePosixPath(self.path).suffix, "application/octet-stream")


def collect(folder: Path) -> list[LocalFile]:
    """Every file of `folder`, sorted by path; raises ReleaseFilesError for what cannot be released as it is."""
    require_folder(folder)
    files = [_local_file(folder, source) for source in islice(_walk(folder), MAX_FILES + 1)]
    if len(files) > MAX_FILES:
        raise _file_count(_("%(folder)s holds more than %(most)d files.") % {"folder": folder, "most": MAX_FILES})
    if not files:
        raise _file_count(_("%s holds no files.") % folder)
    _refuse_names_that_collide(files)
    return sorted(files, key=lambda file: file.path)


def require_folder(folder: Path) -> None:
    """Raises ReleaseFilesError unless there is such a folder."""
    if not folder.is_dir():
        raise ReleaseFilesError(
            "folder_missing", _("There is no folder %s.") % folder, _("Name the folder of the files.")
        )


def find(folder: Path, path: str) -> LocalFile:
    """This one file of a folder, whatever else lies there; raises ReleaseFilesError where it cannot be released."""
    for above in PurePosixPath(path).parents[:-1]:
        if os.path.islink(folder / above):
            raise _unfit(str(above), "is a link; put the folder itself there")
    return _local_file(folder, folder / path)


def checkpoint_folder(files: list[LocalFile]) -> Path:
    """Where the weights lie: beside the one `params.json` (Meta's layout), the one `config.json` (that of Hugging
    Face), or both of them.

    Raises ReleaseFilesError when there are none, or more than one place, or more than one tokenizer.
    """
    found = {name: _places(files, name) for name in ("params.json", "config.json", "tokenizer.model")}
    for name, places in found.items():
        if len(places) > 1:
            raise _not_one_model(
                _("The folder holds %(count)d files named %(name)s instead of one.")
                % {"count": len(places), "name": name}
            )
    weights = {*found["params.json"], *found["config.json"]}
    if not weights:
        raise _not_one_model(_("The folder holds neither params.json nor config.json, so there are no weights in it."))
    if len(weights) > 1:
        raise _not_one_model(_("params.json and config.json lie in different folders."))
    if found["params.json"] and not found["tokenizer.model"]:
        raise _not_one_model(_("The folder holds no tokenizer.model."))
    return weights.pop()


def _places(files: list[LocalFile], name: str) -> list[Path]:
    return [file.source.parent for file in files if file.name == name]


def _walk(folder: Path) -> Iterator[Path]:
    """Every path that is no folder, links among them: none is followed. What cannot be listed is an error.

    Folders too are named plainly, which bounds how deep this goes.
    """
    waiting = [folder]
    while waiting:
        for entry in _listed(waiting.pop()):
            source = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                _require_fit(source.relative_to(folder).as_posix())
                waiting.append(source)
            else:
                yield source


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise ReleaseFilesError(
            "folder_unreadable",
            _("%(folder)s cannot be listed: %(cause)s.") % {"folder": folder, "cause": error.strerror},
            _("Nothing was stored. Make it readable or take it out, then stage again."),
        ) from error


def _local_file(folder: Path, source: Path) -> LocalFile:
    path = source.relative_to(folder).as_posix()
    _require_fit(path)
    try:
        found = source.lstat()
    except FileNotFoundError as error:
        raise _unfit(path, "is not there") from error
    except OSError as error:
        raise _unfit(path, f"cannot be looked at: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise _unfit(path, "is a link or not a plain file; put the file itself there")
    if found.st_size > MAX_FILE_BYTES:
        raise _unfit(path, f"is larger than {MAX_FILE_BYTES:,} bytes; split the weights into more shards")
    return LocalFile(path, source, Stamp.of(found))


def _require_fit(path: str) -> None:
    problem = path_problem(path)
    if problem is not None:
        raise _unfit(path, problem)


def _refuse_names_that_collide(files: list[LocalFile]) -> None:
    """Where capitals do not count, two names that differ by them are one file, or one folder with the files of both."""
    spelled: dict[str, str] = {}
    for file in files:
        for name in (file.path, *(parent.as_posix() for parent in PurePosixPath(file.path).parents)):
            other = spelled.setdefault(name.casefold(), name)
            if other != name:
                raise _unfit(name, f"differs from {other!r} by capitals only, which a Mac or Windows cannot hold")


def _file_count(explanation: str) -> ReleaseFilesError:
    return ReleaseFilesError("file_count", explanation, _("A release has from 1 to %d files.") % MAX_FILES)


def _not_one_model(explanation: str) -> ReleaseFilesError:
    return ReleaseFilesError(
        "model_files",
        explanation,
        _("Each size is released on its own: name a folder with the weights of one model and its tokenizer."),
    )


def _unfit(path: str, problem: str) -> ReleaseFilesError:
    return ReleaseFilesError(
        "file_unfit",
        f"{path!r} {problem}.",
        _("Nothing was stored. Change it or take it out, then stage again."),
        path=path,
    )
