"""One line that tells how far a long command is, on a terminal only."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType

from django.core.management.base import OutputWrapper
from django.template.defaultfilters import filesizeformat

SECONDS_BETWEEN = 0.2


class ProgressLine:
    """Called with a path and bytes, of several files in turn; rewrites its line, and clears it at the end."""

    def __init__(self, out: OutputWrapper, verb: str) -> None:
        self._out = out
        self._verb = verb
        self._bytes: Counter[str] = Counter()
        self._shown_at = 0.0

    def __call__(self, path: str, size_bytes: int) -> None:
        self._bytes[path] += size_bytes
        if self._out.isatty() and time.monotonic() - self._shown_at > SECONDS_BETWEEN:
            self._shown_at = time.monotonic()
            total = filesizeformat(self._bytes.total())
            self._show(f"{self._verb} {path}: {filesizeformat(self._bytes[path])}, {total} in all")

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out.isatty():
            self._show("")

    def _show(self, text: str) -> None:
        self._out.write(f"\r\x1b[2K{text}", style_func=str, ending="")  # not in the red of errors
        self._out.flush()
