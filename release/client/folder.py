"""The folder that a release is downloaded into: what may be written, where, and by one run at a time.

Beside the files lies `.gatehouse`: manifest, signature and keys; what was chosen (`download.json`); and, while a
download is on its way, `partial/`. Nothing is ever written outside the folder, whatever a manifest says.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from . import record_files
from .errors import ClientError, ManifestError, NoSpaceError, RefusedError
from .manifest import File
from .paths import path_problem
from .wording import printable, size

RECORD = ".gatehouse"
FULL = {errno.ENOSPC, errno.EDQUOT}
KEPT_FREE_BYTES = 16 * 1024 * 1024  # for journals and for everybody else on the disk


@dataclass(frozen=True)
class ReleaseFolder:
    """`root` holds the files at the paths that the manifest gives them."""

    root: Path

    @property
    def record(self) -> Path:
        return self.root / RECORD

    @property
    def partials(self) -> Path:
        return self.record / "partial"

    @property
    def blocks(self) -> Path:
        """Check sums of the blocks of each file that came whole: they tell later which part of it was damaged."""
        return self.record / "blocks"

    def place(self, file: File) -> Path:
        """Where it belongs; raises ManifestError for a path that leaves the folder, RefusedError for a link in it."""
        problem = path_problem(file.path)
        if problem:
            raise ManifestError("manifest_invalid", f"The path {file.path[:100]!r} {problem}.")
        place = self.root
        for part in PurePosixPath(file.path).parts[:-1]:
            place = place / part
            if place.is_symlink():
                raise RefusedError(
                    "folder_has_link",
                    f"{place} is a link, and might lead out of the folder.",
                    "Put a real folder in its place, or name another folder.",
                )
        return place / PurePosixPath(file.path).name

    def partial(self, file: File) -> Path:
        """Where its bytes wait until they are all there; another content under the same path waits elsewhere."""
        name = sha256(file.path.encode()).hexdigest()[:16]
        return self.partials / f"{name}-{file.sha256[:16]}"

    def sums(self, file: File) -> Path:
        """Where the check sums of its blocks are kept once it came whole."""
        return self.blocks / f"{self.partial(file).name}.journal"

    def can_be_mended(self, file: File) -> bool:
        """Whether what lies in its place can be begun with: the sums of its blocks are known, and it has no second
        name elsewhere, which would be written as well."""
        place = self.place(file)
        alone = place.is_file() and not place.is_symlink() and place.stat().st_nlink == 1
        return alone and self.sums(file).exists()

    def prepare(self) -> None:
        """Make it and its record; raises NoSpaceError or RefusedError."""
        for place in (self.record, self.partials, self.blocks):
            if place.is_symlink():
                raise RefusedError("folder_has_link", f"{place} is a link.", "Remove it, or name another folder.")
            with disk_errors(self.root):
                place.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder; raises RefusedError while another run does. A run that was killed holds nothing.

        A disk without locks, as some clusters have, cannot tell; what two runs do to one file there, its hash finds.
        """
        with disk_errors(self.root):
            handle = os.open(self.record / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise RefusedError(
                "folder_busy",
                f"Another run is working in {self.root}.",
                "Let it finish or end it first; what it fetched is kept.",
            ) from error
        except OSError:
            pass
        try:
            yield
        finally:
            os.close(handle)

    def require_space(self, needed_bytes: int, files: Iterable[File]) -> None:
        """Raises NoSpaceError before anything is fetched in vain; what `tidy` will remove counts as free."""
        stale = sum(path.lstat().st_blocks * 512 for path in self._stale(files))
        free = shutil.disk_usage(self.root).free + stale
        if needed_bytes and needed_bytes + KEPT_FREE_BYTES > free:
            raise NoSpaceError(
                "no_space",
                f"{size(needed_bytes)} are still to come, and the disk of {self.root} has {size(free)} left.",
                "Free some, name a folder on another disk, or fetch less with --layout, --include or --exclude.",
            )

    def note(self, content: dict[str, Any]) -> None:
        """Remember what was chosen, for `gatehouse verify`."""
        with disk_errors(self.root):
            text = json.dumps(content, indent=2, sort_keys=True) + "\n"
            record_files.replace(self.record / "download.json", text.encode())

    def noted(self) -> dict[str, Any]:
        """Empty where nothing was, or nothing readable."""
        try:
            content = json.loads(record_files.read(self.record / "download.json"))
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def unreported(self, files: Iterable[File]) -> list[File]:
        """Those that came through us whole, and of which the server was not told yet."""
        told = self._told()
        return [file for file in files if self.partial(file).name not in told and self.sums(file).exists()]

    def reported(self, files: Iterable[File]) -> None:
        """The server was told of these."""
        lines = [f"{self.partial(file).name}\n" for file in files]
        with disk_errors(self.root), os.fdopen(record_files.open_to_append(self.record / "reported"), "a") as told:
            told.writelines(lines)

    def _told(self) -> set[str]:
        try:
            return set(record_files.read(self.record / "reported").decode("ascii", "replace").splitlines())
        except OSError:
            return set()

    def tidy(self, files: Iterable[File]) -> None:
        """Remove what is left of other releases, and of finished downloads."""
        with disk_errors(self.root):
            for path in self._stale(files):
                path.unlink(missing_ok=True)

    def _stale(self, files: Iterable[File]) -> list[Path]:
        """In the record, of none of these files."""
        names = {self.partial(file).name for file in files}
        there = [path for folder in (self.partials, self.blocks) for path in folder.iterdir()]
        return [path for path in there if path.name.split(".")[0] not in names]


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """An operating system's refusal in words that help; raises NoSpaceError or RefusedError."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, place) from error


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Raises RefusedError where the operating system does not give a file."""
    try:
        yield
    except OSError as error:
        raise RefusedError(
            "file_unreadable",
            f"{place} cannot be read: {printable(error.strerror or error)}.",
            "Look at its owner and rights. If the disk has lost it, remove it: `gatehouse download` fetches it anew.",
        ) from error


def disk_error(error: OSError, place: Path) -> ClientError:
    if error.errno in FULL:
        return NoSpaceError(
            "no_space",
            f"The disk of {place} is full.",
            "Nothing that was fetched is lost: free some space and run the same command again.",
        )
    if error.errno == errno.EFBIG:
        return NoSpaceError(
            "file_too_large", f"{place} takes no file that large.", "Name a folder on a disk without that limit."
        )
    return RefusedError(
        "folder_unusable",
        f"{place} cannot be written: {printable(error.strerror or error)}.",
        "Look at its owner and rights, or name another folder.",
    )
