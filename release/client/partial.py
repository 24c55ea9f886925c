"""A file on its way: bytes land anywhere in it, and its SHA-256 is taken in order behind them, while others arrive."""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock

from . import record_files
from .folder import ReleaseFolder
from .journal import Journal
from .manifest import File

READ_BYTES = 1024 * 1024
LARGEST_SPAN_BLOCKS = 8


@dataclass(frozen=True)
class Span:
    """Blocks that one request is for, from `first` up to before `stop`."""

    partial: Partial
    first: int
    stop: int


class Partial:
    """Shared by threads once it is open. Raises OSError when the disk refuses."""

    def __init__(self, folder: ReleaseFolder, file: File, block_bytes: int, stop: Event) -> None:
        self.file = file
        self._folder = folder
        self._path = folder.partial(file)
        self._wanted_block_bytes = block_bytes
        self._stop = stop
        self._lock = Lock()  # of what follows, for moments
        self._hashing = Lock()  # of the hash, held while reading
        self._hashed = 0  # blocks
        self._sha256 = sha256()
        self._is_renewed = False
        self._buffer = memoryview(bytearray(READ_BYTES))  # of whoever hashes, or opens
        self._handle: int | None = None

    @property
    def journal_path(self) -> Path:
        return self._path.with_name(self._path.name + ".journal")

    @property
    def _sums(self) -> Path:
        """Where the journal goes when all has arrived: it tells of whole files that came through us."""
        return self._folder.sums(self.file)

    def open(self, on_checked: Callable[[int], None]) -> list[Span]:
        """Read again what an earlier run left, believe what is sound, and say what is missing."""
        self._salvage()
        self._handle = record_files.open_alone(self._path)
        os.ftruncate(self._handle, self.file.size)  # room that no byte fills yet takes no space
        self._journal = Journal(self.journal_path, self.file, self._wanted_block_bytes)
        self._arrived = bytearray(self._journal.block_count)
        for block, crc in sorted(self._journal.claimed.items()):
            if self._stop.is_set():
                break
            if self._crc(block) == crc:
                self._arrived[block] = True
                on_checked(self._size_of(block))
        return self._missing()

    def bounds(self, block: int) -> tuple[int, int]:
        """First byte of it, and the byte after it."""
        start = block * self._journal.block_bytes
        return start, min(start + self._journal.block_bytes, self.file.size)

    def write(self, data: memoryview, position: int) -> None:
        assert self._handle is not None
        while data:
            written = os.pwrite(self._handle, data, position)
            data, position = data[written:], position + written

    def saw_etag(self, etag: str) -> bool:
        """Whether the store still calls the content by the same name; the hash decides in any case."""
        with self._lock:
            known = self._journal.etag
            if etag and etag != known:
                self._journal.add_etag(etag)
            return not etag or known in (None, etag)

    def arrived(self, block: int, crc: int) -> None:
        self._journal.add(block, crc)
        self._arrived[block] = True

    def is_whole(self) -> bool:
        """Hash what follows in order. True for one caller alone: who finds that all is there and hashed."""
        while self._hashing.acquire(blocking=False):  # somebody else who is at it also sees what we have added
            try:
                while self._hashed < len(self._arrived) and self._arrived[self._hashed]:
                    if self._stop.is_set():
                        return False
                    self._read(self._hashed, self._sha256.update)
                    self._hashed += 1
                done = self._hashed == len(self._arrived)
                self._hashed += done  # so nobody else is told
                if done:
                    return True
            finally:
                self._hashing.release()
            if not (self._hashed < len(self._arrived) and self._arrived[self._hashed]):
                return False
        return False

    def settle(self) -> bool:
        """Put it in its place if it is what was published; else it is kept nowhere, and False is returned."""
        if self._sha256.hexdigest() != self.file.sha256:
            return False
        place = self._folder.place(self.file)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.close()
        self.journal_path.replace(self._sums)
        self._path.replace(place)  # last: killed before this, the next run finds the sums and takes them back
        return True

    def renew(self) -> list[Span] | None:
        """All of it once more; None when this was done before: the store holds something else."""
        if self._is_renewed:
            self.close()
            self._path.unlink()
            self.journal_path.unlink()
            return None
        self._is_renewed = True
        self._journal.forget()
        self._arrived = bytearray(len(self._arrived))
        self._hashed, self._sha256 = 0, sha256()
        return self._missing()

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            self._journal.close()

    def _salvage(self) -> None:
        """Begin with the damaged file itself where that can be: most of it may be sound."""
        place, sums = self._folder.place(self.file), self._sums
        if self._path.exists():
            if sums.exists() and not self.journal_path.exists():  # killed on the way to its place
                sums.replace(self.journal_path)
            return
        if self._folder.can_be_mended(self.file):
            place.replace(self._path)
            sums.replace(self.journal_path)

    def _missing(self) -> list[Span]:
        spans: list[Span] = []
        for block, there in enumerate(self._arrived):
            if there:
                continue
            last = spans[-1] if spans else None
            if last and last.stop == block and block - last.first < self._span_blocks():
                spans[-1] = Span(self, last.first, block + 1)
            else:
                spans.append(Span(self, block, block + 1))
        return spans

    def _span_blocks(self) -> int:
        """Long requests cost least; but the hash waits for the first of those that run side by side."""
        return max(1, min(LARGEST_SPAN_BLOCKS, len(self._arrived) // 64))

    def _size_of(self, block: int) -> int:
        start, stop = self.bounds(block)
        return stop - start

    def _crc(self, block: int) -> int:
        crc = 0

        def add(data: memoryview) -> None:
            nonlocal crc
            crc = zlib.crc32(data, crc)

        self._read(block, add)
        return crc

    def _read(self, block: int, take: Callable[[memoryview], None]) -> None:
        position, stop = self.bounds(block)
        assert self._handle is not None
        while position < stop:
            count = os.preadv(self._handle, [self._buffer[: stop - position]], position)
            if not count:
                raise OSError(errno.EIO, "a partial file became shorter while it was read")
            take(self._buffer[:count])
            position += count
