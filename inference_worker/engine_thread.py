"""One thread per loaded model owns its engine; any number of threads hand it requests and wait on futures.

So the requests of several chunks and users run in one continuous batch. Requests of the interactive lane are given to
the engine first. This module knows the engine by its three methods only and imports no torch.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from inference_worker.engine.errors import EngineError
from inference_worker.engine.sequence import Completion, Request

log = structlog.get_logger(__name__)


class Steps(Protocol):
    """What the thread needs of an engine."""

    def add(self, request: Request) -> int: ...
    def abort(self, request_id: int) -> bool: ...
    def step(self) -> list[tuple[int, Completion]]: ...


class EngineCrashedError(Exception):
    """The engine failed under this request; a fresh one is loaded for the next."""


class EngineUnavailableError(Exception):
    """The model cannot be loaded here: nothing was run, and another worker may do better."""


@dataclass(order=True)
class _Job:
    urgency: int
    number: int
    request: Request = field(compare=False)
    future: Future[Completion] = field(compare=False, default_factory=Future)


class EngineThread:
    """Feeds one engine; `places` is how many requests it is given at once."""

    def __init__(self, load: Callable[[], Steps], *, places: int, name: str) -> None:
        self._load = load
        self._places = places
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._running: dict[int, _Job] = {}
        self._suspects: list[_Job] = []
        self._alone = False
        self._engine: Steps | None = None
        self._closing = False
        self._step_began: float | None = None
        self._thread = threading.Thread(target=self._serve, name=f"engine-{name}", daemon=True)
        self._thread.start()

    def submit(self, request: Request, *, urgent: bool = False) -> Future[Completion]:
        """Queue a request. Its future raises an EngineError that concerns it alone, EngineCrashedError or
        EngineUnavailableError; cancelling the future frees its place, also while it runs.
        """
        with self._changed:
            if self._closing:
                raise EngineUnavailableError("this worker is closing")
            job = _Job(0 if urgent else 1, next(self._numbers), request)
            heapq.heappush(self._waiting, job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Stop after the current step; whatever waits or runs is cancelled."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def stuck_for(self) -> float:
        """Seconds since the step began that the engine is in; 0 between two steps."""
        began = self._step_began
        return 0.0 if began is None else time.monotonic() - began

    def abandon(self) -> None:
        """Give up an engine that does not come back from a step: nobody waits for it any longer, and it gets no more.

        Should it come back, its thread ends. Whoever waited hears EngineUnavailableError.
        """
        with self._changed:
            self._closing = True
        self._fail_all(EngineUnavailableError("the engine is stuck in a step"))

    def _serve(self) -> None:
        while self._await_work():
            try:
                self._advance(self._engine or self._load_engine())
            except EngineUnavailableError as error:
                self._fail_all(error)
            except Exception as error:  # whatever it was, the engine's state is not to be trusted any more
                log.exception("engine_crashed", engine=self._thread.name)
                self._engine = None
                self._fail_running(EngineCrashedError(type(error).__name__))
        for job in self._take_all():
            job.future.cancel()
            job.future.set_running_or_notify_cancel()  # only this wakes whoever waits for a cancelled future

    def _await_work(self) -> bool:
        with self._changed:
            while not (self._closing or self._waiting or self._running or self._suspects):
                self._changed.wait()
            return not self._closing

    def _load_engine(self) -> Steps:
        try:
            self._engine = self._load()
        except Exception as error:
            log.exception("engine_not_loaded", engine=self._thread.name)
            raise EngineUnavailableError(str(error)) from error
        return self._engine

    def _advance(self, engine: Steps) -> None:
        self._drop_cancelled(engine)
        self._admit(engine)
        self._step_began = time.monotonic()
        try:
            finished = engine.step()
        except EngineError as error:
            self._find_culprit(engine, error)
            return
        finally:
            self._step_began = None
        for request_id, completion in finished:
            if (job := self._running.pop(request_id, None)) is not None:  # else the engine was abandoned meanwhile
                _settle(job.future, completion)

    def _drop_cancelled(self, engine: Steps) -> None:
        for request_id in [number for number, job in self._running.items() if job.future.cancelled()]:
            engine.abort(request_id)
            del self._running[request_id]

    def _admit(self, engine: Steps) -> None:
        """Give the engine what it has places for; a suspect only when it is to run alone."""
        while (job := self._next_job()) is not None:
            if job.future.cancelled():
                continue
            try:
                self._running[engine.add(job.request)] = job
            except EngineError as error:
                _settle(job.future, error)
            except Exception as error:  # it is in no list now, so nobody else would answer it
                _settle(job.future, EngineCrashedError(type(error).__name__))
                raise

    def _next_job(self) -> _Job | None:
        if not self._running:
            self._alone = bool(self._suspects)
        if self._alone:
            return None if self._running else self._suspects.pop(0)
        with self._changed:
            if self._waiting and len(self._running) < self._places:
                return heapq.heappop(self._waiting)
            return None

    def _find_culprit(self, engine: Steps, error: EngineError) -> None:
        """A step that failed does not say whose fault it was: those in it run again, each alone."""
        jobs = list(self._running.values())
        for request_id in self._running:
            engine.abort(request_id)
        self._running.clear()
        if len(jobs) == 1:
            _settle(jobs[0].future, error)
        else:
            self._suspects = sorted(jobs)

    def _take_all(self) -> list[_Job]:
        with self._changed:
            jobs = [*self._running.values(), *self._suspects, *self._waiting]
            self._running, self._suspects, self._waiting = {}, [], []
        return jobs

    def _fail_running(self, error: Exception) -> None:
        """What the engine was not given yet had no part in it, and waits for the next one."""
        jobs, self._running = list(self._running.values()), {}
        for job in jobs:
            _settle(job.future, error)

    def _fail_all(self, error: Exception) -> None:
        for job in self._take_all():
            _settle(job.future, error)


def _settle(future: Future[Completion], outcome: Completion | Exception) -> None:
    """Answer a future, unless its owner has cancelled it: after the first call nobody can any more."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
