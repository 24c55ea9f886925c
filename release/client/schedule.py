"""What there is to do, shared out among threads: files to open, then spans of them, in the order of the plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Condition, Event

from .partial import Partial, Span


class Schedule:
    """Threads take work until there is none, or until one of them meets what none can mend."""

    def __init__(self, partials: Iterable[Partial], stop: Event) -> None:
        self.stop = stop
        self.error: BaseException | None = None
        self._unopened = deque(partials)
        self._spans: deque[Span] = deque()
        self._busy = 0
        self._changed = Condition()

    def take(self) -> Partial | Span | None:
        """Something to do, to be ended with `finished`; None when nothing is left or the run is over.

        Spans of opened files come first, so that one file after another is completed.
        """
        with self._changed:
            while not self.stop.is_set():
                if self._spans or self._unopened:
                    self._busy += 1
                    return self._spans.popleft() if self._spans else self._unopened.popleft()
                if not self._busy:
                    return None
                self._changed.wait()
        return None

    def add(self, spans: Iterable[Span]) -> None:
        with self._changed:
            self._spans.extend(spans)
            self._changed.notify_all()

    def finished(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """End the run; the first error is the one that is told."""
        with self._changed:
            self.error = self.error or error
        self.end()

    def end(self) -> None:
        with self._changed:
            self.stop.set()
            self._changed.notify_all()
