"""How long to go on while nothing arrives: any byte that does, for whichever file, ends the trouble."""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Event, Lock

from .errors import ClientError
from .wording import duration

LONGEST_PAUSE_SECONDS = 8.0
TOLD_AFTER_SECONDS = 2.0  # shorter troubles are nobody's concern

Clock = Callable[[], float]
Wait = Callable[[Event, float], object]  # for the event, so many seconds at most


class Patience:
    """Shared by the threads of one download."""

    def __init__(
        self,
        seconds: float,
        first_pause_seconds: float,
        stop: Event,
        *,
        say: Callable[[str], None],
        clock: Clock,
        wait: Wait,
    ) -> None:
        """`say` hears what is waited for, once in each trouble that lasts."""
        self._seconds = seconds
        self._first_pause = first_pause_seconds
        self._stop = stop
        self._say, self._clock, self._wait = say, clock, wait
        self._since: float | None = None  # when the trouble began
        self._is_told = False
        self._lock = Lock()

    def rewarded(self) -> None:
        """Something arrived."""
        self._since = None

    def wait(self, attempt: int, error: ClientError) -> None:
        """Pause before the next attempt, longer each time.

        Raises `error` once patience has ended, and at once where it would end before the other side wants to be asked.
        """
        asked = error.retry_after_seconds or 0.0
        pause = min(self._first_pause * 2 ** min(attempt, 10), LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
        with self._lock:
            lasted = self._lasted()
            if lasted + asked >= self._seconds:
                raise error
            pause = max(pause, asked)
            if lasted + pause > TOLD_AFTER_SECONDS and not self._is_told:
                self._is_told = True
                self._say(f"{error.explanation} It is asked again for up to {duration(self._seconds - lasted)}.")
        self._wait(self._stop, pause)

    def _lasted(self) -> float:
        """Seconds since the trouble began, which may be now."""
        now, since = self._clock(), self._since  # read once: another thread may be rewarded meanwhile
        if since is None:
            self._since, self._is_told = now, False
            return 0.0
        return now - since
