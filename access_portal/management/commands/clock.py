"""`manage.py clock`: runs what has to happen by itself, again and again, until it is told to stop.

Every job takes the time and is safe to run in many copies at once, so any number of clocks may run. Each has a thread
of its own: a receiver of webhooks that keeps us waiting holds up no mail.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from types import FrameType
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)

Job = Callable[[datetime], object]


class Command(BaseCommand):
    """The clock process; settings.CLOCK_JOBS says what it runs and how often."""

    help = "Run the jobs of settings.CLOCK_JOBS for ever, or once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run each job once, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = {path: import_string(path) for path in settings.CLOCK_JOBS}  # a wrong name ends the process here
        if options["once"]:
            for path, job in jobs.items():
                run(path, job)
            return
        self._run_for_ever(jobs, stop_on_signals())

    def _run_for_ever(self, jobs: dict[str, Job], stop: Event) -> None:
        """Begin all jobs; once told to stop, wait for those that are at work."""
        self.stdout.write(f"The clock runs {', '.join(jobs)}.")
        threads = [
            Thread(target=repeat, args=(path, job, settings.CLOCK_JOBS[path], stop)) for path, job in jobs.items()
        ]
        for thread in threads:
            thread.start()
        while not stop.wait(1):  # a signal handler runs in this thread, between two waits
            pass
        for thread in threads:
            thread.join()
        self.stdout.write("The clock has stopped.")


def repeat(path: str, job: Job, seconds: float, stop: Event) -> None:
    """A job that was slow is not made up for: it is next due its interval after it ended."""
    while not stop.is_set():
        run(path, job)
        stop.wait(seconds)


def run(path: str, job: Job) -> None:
    """Run one job; its failure is logged under its name and stops nothing else."""
    close_old_connections()
    try:
        job(timezone.now())
    except Exception:
        log.exception("clock_job_failed", job=path)
    finally:
        close_old_connections()


def stop_on_signals() -> Event:
    """An event that SIGTERM or SIGINT sets; the job that is running then is let finish."""
    stop = Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    return stop
