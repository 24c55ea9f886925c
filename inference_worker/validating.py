"""Keeps the threads of one process from validating one batch at the same time.

Twice would do no harm, since only one of them can move the batch on, but a long file makes it slow for everybody.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_at_work: set[str] = set()


@contextmanager
def alone(batch_id: str) -> Iterator[bool]:
    """Whether no other thread of this process is at this batch."""
    with _lock:
        free = batch_id not in _at_work
        _at_work.add(batch_id)
    try:
        yield free
    finally:
        if free:
            with _lock:
                _at_work.discard(batch_id)
