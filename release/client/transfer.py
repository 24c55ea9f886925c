"""Fetching files by several connections at once, until each is whole, hashed and in its place."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event as Flag
from threading import Lock, Thread

from .events import Event, Fetched, FileDone, Notice, Tell
from .fetcher import Fetcher, Work
from .folder import ReleaseFolder
from .links import Links
from .manifest import File
from .partial import Partial
from .patience import Clock, Patience, Wait
from .schedule import Schedule

TOLD_EVERY_SECONDS = 0.2
LAST_WORDS_SECONDS = 2.0  # for threads to end in, once the run is over


@dataclass(frozen=True)
class Pace:
    """How a download goes about it. `block_bytes` is what one line of the journal is for."""

    connections: int = 8
    block_bytes: int = 8 * 1024 * 1024
    patience_seconds: float = 300.0
    first_pause_seconds: float = 0.5
    clock: Clock = time.monotonic
    wait: Wait = Flag.wait


class Transfer:
    """Of files that are not there yet, into a folder that this run holds.

    `verified` and `damaged` are paths and grow as the work goes on; damaged is what the store itself holds otherwise
    than it was published.
    """

    def __init__(self, folder: ReleaseFolder, files: Sequence[File], links: Links, pace: Pace, tell: Tell) -> None:
        """`files` in the order in which they are fetched."""
        self.verified: list[str] = []
        self.damaged: list[str] = []
        stop = Flag()
        self._partials = [Partial(folder, file, pace.block_bytes, stop) for file in files]
        self._schedule = Schedule(self._partials, stop)
        self._total = sum(file.size for file in files)
        self._count = min(pace.connections, len(files) + self._total // pace.block_bytes)
        self._done = 0
        self._lock = Lock()
        self._tell_one = tell
        self._work = Work(
            folder=folder.root,
            schedule=self._schedule,
            links=links,
            patience=Patience(
                pace.patience_seconds,
                pace.first_pause_seconds,
                stop,
                say=lambda text: self._tell(Notice(text)),
                clock=pace.clock,
                wait=pace.wait,
            ),
            came=self._came,
            notice=self._tell,
            whole=self._settle,
        )

    def run(self) -> None:
        """Until all is there; raises ClientError or KeyboardInterrupt, and then what arrived is kept."""
        threads = [Thread(target=Fetcher(self._work).run, daemon=True) for _ in range(self._count)]
        for thread in threads:
            thread.start()
        try:
            while alive := [thread for thread in threads if thread.is_alive()]:
                alive[0].join(TOLD_EVERY_SECONDS)
                self._tell(Fetched(self._done, self._total))
                if self._schedule.stop.is_set():
                    break
        finally:
            self._schedule.end()
            self._close(threads)
        if self._schedule.error is not None:
            raise self._schedule.error

    def _close(self, threads: Sequence[Thread]) -> None:
        """Threads that still wait for the network keep their files open, and end with the process."""
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if not any(thread.is_alive() for thread in threads):
            for partial in self._partials:
                partial.close()

    def _came(self, count: int) -> None:
        with self._lock:
            self._done += count

    def _settle(self, partial: Partial) -> None:
        """In its place; or to be fetched once more; or damaged at its source."""
        path = partial.file.path
        if partial.settle():
            self.verified.append(path)
            self._tell(FileDone(path, "verified"))
            return
        spans = partial.renew()
        if spans is None:
            self.damaged.append(path)
            self._tell(FileDone(path, "damaged"))
            return
        self._tell(Notice(f"{path} came with another SHA-256 than was published; it is fetched once more."))
        self._came(-partial.file.size)
        self._schedule.add(spans)

    def _tell(self, event: Event) -> None:
        with self._lock:
            self._tell_one(event)
