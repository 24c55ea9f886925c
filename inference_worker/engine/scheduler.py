"""Who runs next: first come, first served, each running request in a slot of its own. No torch."""

from __future__ import annotations

import heapq
from collections import OrderedDict

from inference_worker.engine.sequence import Sequence


class Scheduler:
    """Continuous batching with one policy: whoever runs advances, and newcomers join when a slot is free.

    A step computes at most `max_batch_tokens` tokens of newcomers' prompts. The first newcomer joins whatever
    its length, so a long prompt waits for a slot but never for ever.
    """

    def __init__(self, *, slot_count: int, max_batch_tokens: int) -> None:
        self._max_batch_tokens = max_batch_tokens
        self._free_slots = list(range(slot_count))
        self._waiting: OrderedDict[int, Sequence] = OrderedDict()
        self._running: dict[int, Sequence] = {}

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._running

    def add(self, sequence: Sequence) -> None:
        self._waiting[sequence.id] = sequence

    def schedule(self) -> list[Sequence]:
        """The sequences to advance in the next step, in order of admission; each has a slot."""
        prompt_tokens = 0
        while self._waiting and self._free_slots:
            newcomer = next(iter(self._waiting.values()))
            prompt_tokens += len(newcomer.tokens)
            if prompt_tokens > max(self._max_batch_tokens, len(newcomer.tokens)):
                break
            self._admit(newcomer)
        return list(self._running.values())

    def remove(self, sequence_id: int) -> bool:
        """Forget a finished or aborted sequence and free its slot; False if it was not here (any more)."""
        if self._waiting.pop(sequence_id, None) is not None:
            return True
        sequence = self._running.pop(sequence_id, None)
        if sequence is None:
            return False
        assert sequence.slot is not None
        heapq.heappush(self._free_slots, sequence.slot)
        sequence.slot = None
        return True

    def _admit(self, sequence: Sequence) -> None:
        del self._waiting[sequence.id]
        sequence.slot = heapq.heappop(self._free_slots)
        self._running[sequence.id] = sequence
