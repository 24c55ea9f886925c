"""Cuts a batch into chunks by what their lines may cost, and stores each as soon as it is full."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from inference_worker import results
from inference_worker.results import Line

MOST_BYTES = 8 * 1024 * 1024  # of one chunk, which a worker reads into memory


@dataclass(frozen=True)
class Cut:
    """One chunk as it lies in the store."""

    key: str
    line_count: int
    cost_tokens: int


class ChunkWriter:
    """Lines go in one by one, in order. Names and content depend on the input alone: a second run writes the same."""

    def __init__(self, batch_id: str) -> None:
        self._batch_id = batch_id
        self._lines: list[bytes] = []
        self._bytes = self._tokens = 0
        self.cuts: list[Cut] = []

    def add(self, line: Line, cost_tokens: int) -> None:
        """A line that costs more than a chunk may gets one of its own."""
        encoded = results.encode(vars(line))
        over = self._tokens + cost_tokens > settings.CHUNK_COST_TOKENS or self._bytes + len(encoded) > MOST_BYTES
        if self._lines and over:
            self.flush()
        self._lines.append(encoded)
        self._bytes += len(encoded)
        self._tokens += cost_tokens

    def flush(self) -> None:
        """Store what is there as a chunk."""
        if self._lines:
            key = chunk_key(self._batch_id, len(self.cuts))
            results.write(key, self._lines)
            self.cuts.append(Cut(key, len(self._lines), self._tokens))
            self._lines, self._bytes, self._tokens = [], 0, 0

    def discard(self) -> None:
        """Delete what was stored, for a batch that will not run."""
        results.delete(*(cut.key for cut in self.cuts))


def chunk_key(batch_id: str, index: int) -> str:
    return f"chunks/{batch_id}/{index}.jsonl"


def line_id(batch_id: str, number: int) -> str:
    """As hard to guess as the batch's own id, and the same whenever the batch is validated."""
    return f"batch_req_{batch_id.removeprefix('batch_')}_{number}"
