"""Long work on the store outlives a store that is away for a minute: what failed is asked again a little later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import structlog
from django.conf import settings

from release.errors import StoreUnavailableError

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns, sooner or later.

    Raises StoreUnavailableError at once when the store refuses, and when it is still away after all the waits of
    settings.STORE_RETRY_SECONDS. For stores that send each request once themselves, in processes that nobody waits for.
    """
    waits = pauses()
    while True:
        try:
            return ask()
        except StoreUnavailableError as error:
            wait_or_raise(error, waits)


def pauses() -> Iterator[float]:
    """How long to wait after each failure, in seconds; at its end patience is."""
    return iter(settings.STORE_RETRY_SECONDS)


def wait_or_raise(error: StoreUnavailableError, waits: Iterator[float]) -> None:
    """Return when it is time to ask again; raises `error` when that would not help or was done often enough."""
    seconds = next(waits, None) if error.passing else None
    if seconds is None:
        raise error
    log.warning("store_is_away", cause=error.cause, waits_seconds=seconds)
    time.sleep(seconds)
