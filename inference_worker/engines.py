"""The engines of this process: one thread per release, started when it is first needed, closed with the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable

from inference_worker.engine_thread import EngineThread, EngineUnavailableError, Steps

PLACES = 16  # requests that run at once in one engine

_lock = threading.Lock()
_threads: dict[str, EngineThread] = {}
_closed = False


def engine_for(commit: str, load: Callable[[], Steps]) -> EngineThread:
    """The thread for the release with this commit; raises EngineUnavailableError when the worker is stopping."""
    with _lock:
        if _closed:
            raise EngineUnavailableError("this worker is stopping")
        if commit not in _threads:
            _threads[commit] = EngineThread(load, places=PLACES, name=commit[:10])
        return _threads[commit]


def close_all() -> None:
    """Cancel whatever waits or runs, for good."""
    global _closed  # noqa: PLW0603 - a process stops once
    with _lock:
        _closed = True
        threads = list(_threads.values())
    for thread in threads:
        thread.close()
