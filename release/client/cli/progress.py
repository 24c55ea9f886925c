"""Progress: a bar on a terminal, lines of JSON for programs, silence otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from ..events import Checked, Event, Fetched, FileDone, Notice, Tell
from .output import Output

TOLD_EVERY_SECONDS = 1.0


@contextmanager
def following(output: Output) -> Iterator[Tell]:
    """Somebody to tell; what is told is shown as it comes."""
    if output.as_json:
        yield _Lines(output).tell
    elif output.screen.is_terminal:
        with _bar(output) as progress:
            yield _Bars(output, progress).tell
    else:
        yield _Quiet(output).tell


class _Quiet:
    def __init__(self, output: Output) -> None:
        self._output = output

    def tell(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._output.note(event.text)


class _Lines:
    """One object a line: every notice and every file, and progress once a second."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._last = 0.0

    def tell(self, event: Event) -> None:
        if isinstance(event, Checked | Fetched):
            now = time.monotonic()
            if now - self._last < TOLD_EVERY_SECONDS and event.done_bytes < event.total_bytes:
                return
            self._last = now
        self._output.object({"event": NAMES[type(event)], **vars(event)})


NAMES = {Notice: "notice", Checked: "checked", Fetched: "fetched", FileDone: "file"}


class _Bars:
    """One bar for reading what is there, one for what comes."""

    def __init__(self, output: Output, progress: Progress) -> None:
        self._output = output
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._output.note(event.text)
        elif isinstance(event, Checked):
            self._show("Checking", event.done_bytes, event.total_bytes)
        elif isinstance(event, Fetched):
            self._show("Fetching", event.done_bytes, event.total_bytes)

    def _show(self, name: str, done: int, total: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done, total=total)


def _bar(output: Output) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=output.screen, transient=True)
