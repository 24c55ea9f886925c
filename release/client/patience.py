"""How long to go on when nothing arrives: any byte that does, for whichever file, begins the wait anew."""

from __future__ import annotations

import random
import time
from threading import Event

from .errors import ClientError

LONGEST_PAUSE_SECONDS = 8.0


class Patience:
    """Shared by the threads of one download."""

    def __init__(self, seconds: float, first_pause_seconds: float, stop: Event) -> None:
        self._seconds = seconds
        self._first_pause = first_pause_seconds
        self._stop = stop
        self._last = time.monotonic()

    def rewarded(self) -> None:
        """Something arrived."""
        self._last = time.monotonic()

    def wait(self, attempt: int, error: ClientError) -> None:
        """Pause before the next attempt, longer each time.

        Raises `error` once patience has ended, and at once where it would end before the other side wants to be asked.
        """
        asked = error.retry_after_seconds or 0.0
        if time.monotonic() - self._last + asked > self._seconds:
            raise error
        pause = min(self._first_pause * 2 ** min(attempt, 10), LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
        self._stop.wait(max(pause, asked))
