"""One thread of a download, with its connection: it takes spans and brings them in, however often the way breaks."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import ClientError, DamagedError, NetworkError
from .events import Notice
from .folder import disk_error, disk_errors
from .links import LINK_REFUSED, Links
from .manifest import File
from .partial import Partial, Span
from .patience import Patience
from .problems import retry_after
from .schedule import Schedule
from .store import BROKEN, Part, StoreConnection
from .wording import printable

BUFFER_BYTES = 1024 * 1024
TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Work:
    """What the threads of one download share."""

    folder: Path
    schedule: Schedule
    links: Links
    patience: Patience
    came: Callable[[int], None]  # so many bytes more are there
    notice: Callable[[Notice], None]
    whole: Callable[[Partial], None]  # every byte of this file is there and hashed


class LinkEndedError(Exception):
    """The store takes this link no more."""


class BrokenError(Exception):
    """The way to the store broke; `error` is what to say if it stays so."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(str(error))
        self.error = error


class Fetcher:
    """Raises nothing: what none can mend ends the schedule."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._store = StoreConnection()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))

    def run(self) -> None:
        schedule = self._work.schedule
        try:
            while (task := schedule.take()) is not None:
                self._do(task)
                schedule.finished()
        except OSError as error:
            schedule.fail(disk_error(error, self._work.folder))
        except BaseException as error:  # raised again where the run is awaited
            schedule.fail(error)
        finally:
            self._store.close()

    def _do(self, task: Partial | Span) -> None:
        if isinstance(task, Span):
            partial = task.partial
            self._fetch(task)
        else:
            partial = task
            self._work.schedule.add(partial.open(self._work.came))
        if partial.is_whole():
            self._work.whole(partial)

    def _fetch(self, span: Span) -> None:
        arrival = Arrival(span)
        url = self._link(span.partial.file)
        attempt = 0
        while not (arrival.is_done or self._work.schedule.stop.is_set()):
            before = arrival.position
            try:
                self._read(arrival, url)
            except BrokenError as broken:
                attempt = 0 if arrival.position > before else attempt + 1
                self._work.patience.wait(attempt, broken.error)
            except LinkEndedError:
                url = self._link(span.partial.file, refused=url)

    def _link(self, file: File, refused: str | None = None) -> str:
        """A link; as long as it is only trouble that keeps the portal from giving one, patience.

        A store that refuses fresh links will refuse the next ones.
        """
        attempt = 0
        while True:
            try:
                return self._work.links.url(file) if refused is None else self._work.links.renew(file, refused)
            except ClientError as error:
                passing = isinstance(error, NetworkError) or error.retry_after_seconds is not None
                if not passing or error.code == LINK_REFUSED or self._work.schedule.stop.is_set():
                    raise
                self._work.patience.wait(attempt, error)
                attempt += 1

    def _read(self, arrival: Arrival, url: str) -> None:
        file = arrival.partial.file
        try:
            with self._store.get(url, arrival.position, arrival.stop) as part:
                require_usable(part, file, arrival.position)
                self._work.links.worked(file)
                self._note_etag(part, arrival)
                self._pour(part, arrival)
        except BROKEN as error:
            raise BrokenError(trouble(file, f"the connection broke ({error or type(error).__name__})")) from error

    def _note_etag(self, part: Part, arrival: Arrival) -> None:
        with disk_errors(self._work.folder):  # or a full disk passes for a broken connection, and is waited for
            same = arrival.partial.saw_etag(printable(part.headers.get("etag", ""))[:200])
        if not same:
            name = arrival.partial.file.path
            self._work.notice(Notice(f"The store names {name} otherwise than before; its hash will tell."))

    def _pour(self, part: Part, arrival: Arrival) -> None:
        while not (arrival.is_done or self._work.schedule.stop.is_set()):
            count = part.body.readinto(self._buffer[: arrival.room])
            if not count:
                raise BrokenError(trouble(arrival.partial.file, "an answer ended too early"))
            with disk_errors(self._work.folder):
                arrival.take(self._buffer[:count])
            self._work.patience.rewarded()
            self._work.came(count)


class Arrival:
    """How far a span has come: the next byte, and the CRC of the block that it belongs to."""

    def __init__(self, span: Span) -> None:
        self.partial = span.partial
        self.position = self.partial.bounds(span.first)[0]
        self.stop = self.partial.bounds(span.stop - 1)[1]
        self._block = span.first
        self._crc = 0

    @property
    def is_done(self) -> bool:
        return self.position == self.stop

    @property
    def room(self) -> int:
        """Bytes until the block ends."""
        return self.partial.bounds(self._block)[1] - self.position

    def take(self, data: memoryview) -> None:
        """The next bytes, at most up to the end of the block; raises OSError."""
        self.partial.write(data, self.position)
        self._crc = zlib.crc32(data, self._crc)
        self.position += len(data)
        if not self.room:
            self.partial.arrived(self._block, self._crc)
            self._block, self._crc = self._block + 1, 0


def require_usable(part: Part, file: File, position: int) -> None:
    """Raises what the answer means when it does not hold the bytes that were asked for."""
    if part.status == 403:
        raise LinkEndedError
    if part.status in TRY_AGAIN:
        error = trouble(file, f"it answered with status {part.status}")
        error.retry_after_seconds = retry_after(part.headers)
        raise BrokenError(error)
    if part.total is not None and part.total != file.size:
        lie = DamagedError(
            "store_size_differs",
            f"The store holds {file.path} with {part.total:,} bytes; {file.size:,} were published.",
            "Nothing of it was kept. Tell the publisher; other files can be had with --exclude.",
        )
        lie.path = file.path
        raise lie
    if part.start != position:
        raise NetworkError(
            "store_unusable",
            f"The store answers with status {part.status} when asked for a part of {file.path}.",
            "Try again later. If it stays so, tell the office of the server: the fault is not yours.",
        )


def trouble(file: File, what: str) -> NetworkError:
    return NetworkError(
        "store_trouble",
        f"{file.path} did not come from the store: {printable(what)}.",
        "What arrived is kept: run the same command again to go on.",
    )
