"""What a download would do: which files are there and sound, which are to come, and how many bytes that is."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event as Flag
from threading import Lock

from .events import Checked, Tell
from .folder import ReleaseFolder, reading
from .hashing import file_chunks
from .journal import claimed_bytes, sound_bytes
from .manifest import File

SOUND, MISSING, DAMAGED = "sound", "missing", "damaged"
READERS = 4


@dataclass(frozen=True)
class Line:
    """One file: how it stands in the folder, and how much of it arrived in an earlier run that did not end."""

    file: File
    state: str
    arrived_bytes: int = 0

    @property
    def to_come_bytes(self) -> int:
        return 0 if self.state == SOUND else self.file.size - self.arrived_bytes


@dataclass(frozen=True)
class Plan:
    lines: tuple[Line, ...]

    def in_state(self, state: str) -> list[File]:
        return [line.file for line in self.lines if line.state == state]

    @property
    def to_fetch(self) -> list[File]:
        """Largest first: small ones then fill the gaps at the end."""
        files = [line.file for line in self.lines if line.state != SOUND]
        return sorted(files, key=lambda file: (-file.size, file.path))

    @property
    def to_come_bytes(self) -> int:
        return sum(line.to_come_bytes for line in self.lines)

    @property
    def total_bytes(self) -> int:
        return sum(line.file.size for line in self.lines)


class Checker:
    """Reads files again, some side by side. Raises ClientError; an interruption ends it soon."""

    def __init__(self, folder: ReleaseFolder, files: Sequence[File], tell: Tell) -> None:
        self._folder = folder
        self._files = files
        self._tell = tell
        self._stop = Flag()
        self._lock = Lock()
        self._done = 0
        self._total = sum(file.size for file in files if self._is_candidate(file))

    def plan(self) -> Plan:
        pool = ThreadPoolExecutor(READERS)
        try:
            return Plan(tuple(pool.map(self._line, self._files)))
        finally:
            self._stop.set()
            pool.shutdown(cancel_futures=True)

    def _line(self, file: File) -> Line:
        place = self._folder.place(file)
        with reading(place):
            if self._is_candidate(file) and self._hash(place) == file.sha256:
                return Line(file, SOUND)
            return Line(file, DAMAGED if place.exists() else MISSING, self._arrived(file, place))

    def _arrived(self, file: File, place: Path) -> int:
        """Bytes of an earlier run, or of a file that is damaged in parts: they do not come again and need no room."""
        partial = self._folder.partial(file)
        if partial.exists():
            journal = partial.with_name(partial.name + ".journal")
            return claimed_bytes(journal if journal.exists() else self._folder.sums(file), file)
        if not self._folder.can_be_mended(file):
            return 0
        with place.open("rb") as content:
            return sound_bytes(self._folder.sums(file), file, content, self._stop)

    def _is_candidate(self, file: File) -> bool:
        place = self._folder.place(file)
        with reading(place):
            return place.is_file() and place.stat().st_size == file.size

    def _hash(self, place: Path) -> str:
        taken = sha256()
        for chunk in file_chunks(place):
            if self._stop.is_set():
                break
            taken.update(chunk)
            with self._lock:
                self._done += len(chunk)
                self._tell(Checked(self._done, self._total))
        return taken.hexdigest()
