"""The engines of this process: one thread per release, started when it is first needed, closed with the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.conf import settings

from inference_worker.engine_thread import EngineThread, EngineUnavailableError, Steps

_lock = threading.Lock()
_threads: dict[str, EngineThread] = {}
_closed = False


def engine_for(commit: str, load: Callable[[], Steps]) -> EngineThread:
    """The thread for the release with this commit; raises EngineUnavailableError when the worker is stopping."""
    with _lock:
        if _closed:
            raise EngineUnavailableError("this worker is stopping")
        if commit not in _threads:
            _threads[commit] = EngineThread(load, places=settings.ENGINE_REQUESTS, name=commit[:10])
        return _threads[commit]


def abandon(commit: str, stuck: EngineThread) -> None:
    """Forget an engine that does not come back, so that the next chunk gets another one."""
    with _lock:
        if _threads.get(commit) is stuck:
            del _threads[commit]
    stuck.abandon()


def close_all() -> None:
    """Cancel whatever waits or runs, for good."""
    global _closed  # noqa: PLW0603 - a process stops once
    with _lock:
        _closed = True
        threads = list(_threads.values())
    for thread in threads:
        thread.close()
