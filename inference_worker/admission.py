"""Which chunks the threads of one process take on together.

A chunk that has lost a lease may be the one that kills its worker, so it runs alone: what runs beside it would be
suspected with it. And chunks of batches never take every thread, so that an interactive request finds one free.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from inference_worker import leases
from inference_worker.models import Batch, Chunk


class Admission:
    """Counts the chunks under way; `places` is how many threads there are."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._lock = threading.Lock()
        self._running: list[Chunk] = []

    @contextmanager
    def claim(self, *, owner: str, model_ids: Sequence[str], now: datetime) -> Iterator[Chunk | None]:
        """The chunk to run inside the block, if there is one that may run beside the others."""
        with self._lock:
            chunk = self._claim(owner, model_ids, now)
            if chunk is not None:
                self._running.append(chunk)
        try:
            yield chunk
        finally:
            if chunk is not None:
                with self._lock:
                    self._running.remove(chunk)

    def _claim(self, owner: str, model_ids: Sequence[str], now: datetime) -> Chunk | None:
        if any(chunk.lost_leases for chunk in self._running):
            return None
        shaken = leases.has_shaken(model_ids=model_ids, now=now)
        if shaken and self._running:
            return None  # they finish first, and whoever finishes last rings again
        batches = [chunk for chunk in self._running if chunk.batch.lane == Batch.Lane.BATCH]
        full = len(batches) >= max(1, self.places - 1)
        return leases.claim(owner=owner, model_ids=model_ids, now=now, interactive_only=full, shaken_only=shaken)


here = Admission(places=1)
