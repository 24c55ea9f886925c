"""What each step computes: who runs, how many tokens of each, and in which pages. No torch.

Continuous batching (Orca: Yu et al. 2022) with chunked prefill (Sarathi: Agrawal et al. 2023, arXiv 2308.16369):
whoever generates advances by a token in every step, prompts fill what is left of it. First come, first served; where
pages run short, whoever came last starts over later, with what it has generated so far as part of its prompt.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from .pages import PAGE_TOKENS, Content, PagePool, pages_for
from .sequence import Sequence


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive tokens of one sequence, which a step computes: `count` of them, the first at position `start`."""

    sequence: Sequence
    start: int
    count: int

    @property
    def stop(self) -> int:
        return self.start + self.count

    @property
    def pages(self) -> list[int]:
        """Those that hold the sequence's tokens up to the end of the span."""
        return self.sequence.pages[: pages_for(self.stop)]


class Scheduler:
    """`max_running` requests at once, `max_step_tokens` tokens in one step, pages from one pool."""

    def __init__(self, pool: PagePool, *, max_running: int, max_step_tokens: int, shares: bool = True) -> None:
        self._pool = pool
        self._shares = shares
        self._most = (max_running, max_step_tokens)
        self._max_running, self._max_step_tokens = self._most  # less where the device has no memory for it
        self._waiting: OrderedDict[int, Sequence] = OrderedDict()
        self._running: OrderedDict[int, Sequence] = OrderedDict()  # in order of admission
        self._contents: dict[int, list[Content]] = {}  # of the full pages of each running sequence, as far as known

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._running

    def add(self, sequence: Sequence) -> None:
        self._waiting[sequence.id] = sequence

    def schedule(self) -> list[Span]:
        """What the next step computes; every token of it has its place in a page."""
        if not self._running:
            self._max_running, self._max_step_tokens = self._most
        left = self._max_step_tokens
        spans: dict[int, Span] = {}
        for sequence in list(self._running.values()):  # only the last can have more than a token to go
            if sequence.id not in self._running:
                continue  # it had to make room for another
            count = min(_uncomputed(sequence), left)
            if count and self._make_room(sequence, count):
                spans[sequence.id] = Span(sequence, sequence.computed, count)
                left -= count
        while left > 0 and (newcomer := self._admit_next()) is not None:
            count = min(_uncomputed(newcomer), left)
            spans[newcomer.id] = Span(newcomer, newcomer.computed, count)
            left -= count
        return [span for span in spans.values() if span.sequence.id in self._running]

    def note_computed(self, span: Span) -> None:
        """The keys and values of this span are in its pages, and its scores known: full pages can be shared now."""
        sequence, contents = span.sequence, self._contents[span.sequence.id]
        sequence.computed = span.stop
        for index in range(span.start // PAGE_TOKENS, span.stop // PAGE_TOKENS):
            if index == len(contents):
                contents.append(self._pool.announce(_before(sequence, contents), _tokens_of(sequence, index)))
            content = contents[index]
            self._pool.publish(content, sequence.pages[index])
            if content.scores is None and sequence.first_scored <= max(1, index * PAGE_TOKENS):
                places = range(index * PAGE_TOKENS, (index + 1) * PAGE_TOKENS)
                content.scores = [sequence.scores.get(place) for place in places]

    def shrink(self) -> bool:
        """Let half as many run, and in shorter steps, until nobody is left; False when that is impossible."""
        if len(self._running) <= 1 and self._max_step_tokens <= PAGE_TOKENS:
            return False
        self._max_running = max(1, len(self._running) // 2)
        self._max_step_tokens = max(PAGE_TOKENS, self._max_running, self._max_step_tokens // 2)
        while len(self._running) > self._max_running:
            self._preempt(next(reversed(self._running.values())))
        return True

    def remove(self, sequence_id: int) -> bool:
        """Forget a finished or aborted sequence and free its pages; False if it was not here (any more)."""
        if self._waiting.pop(sequence_id, None) is not None:
            return True
        sequence = self._running.pop(sequence_id, None)
        if sequence is None:
            return False
        self._release(sequence)
        return True

    def _make_room(self, sequence: Sequence, count: int) -> bool:
        """Pages for so many more tokens; False when this sequence is the one that has to give up its own."""
        while self._pool.available < pages_for(sequence.computed + count) - len(sequence.pages):
            last = next(reversed(self._running.values()))
            self._preempt(last)
            if last is sequence:
                return False
        self._grow(sequence, count)
        return True

    def _grow(self, sequence: Sequence, count: int) -> None:
        while len(sequence.pages) < pages_for(sequence.computed + count):
            sequence.pages.append(self._pool.take())

    def _preempt(self, sequence: Sequence) -> None:
        del self._running[sequence.id]
        self._release(sequence)
        self._waiting[sequence.id] = sequence
        self._waiting.move_to_end(sequence.id, last=False)

    def _release(self, sequence: Sequence) -> None:
        for content in self._contents.pop(sequence.id):
            self._pool.withdraw(content)
        for page in reversed(sequence.pages):
            self._pool.drop(page)
        sequence.pages, sequence.computed = [], 0

    def _admit_next(self) -> Sequence | None:
        """The next that waits, if it may run: with room for all that it is known to need and a page for each other.

        It waits a little longer while somebody else computes how it begins: then that can be shared.
        """
        if not self._waiting or len(self._running) >= self._max_running:
            return None
        sequence = next(iter(self._waiting.values()))
        shared = self._shared_beginning(sequence)
        if shared is None:
            return None
        needed = pages_for(len(sequence.tokens) + 1) - len(shared) + sum(map(self._pool.is_idle, shared))
        if self._running and self._pool.available < needed + len(self._running):
            return None
        self._admit(sequence, shared)
        return sequence

    def _admit(self, sequence: Sequence, shared: list[Content]) -> None:
        del self._waiting[sequence.id]
        self._running[sequence.id] = sequence
        sequence.pages = [self._pool.share(content) for content in shared]
        sequence.computed = len(shared) * PAGE_TOKENS
        self._grow(sequence, _uncomputed(sequence))
        if sequence.cached_token_count is None:  # what it finds of its own after a preemption does not count
            sequence.cached_token_count = sequence.computed
        for index, content in enumerate(shared):
            scores = enumerate(content.scores or (), index * PAGE_TOKENS)
            sequence.scores |= {place: score for place, score in scores if score is not None}
        self._contents[sequence.id] = self._announce(sequence, shared)

    def _announce(self, sequence: Sequence, shared: list[Content]) -> list[Content]:
        """The contents that it is going to have, as far as nobody else has announced them."""
        contents = list(shared)
        for index in range(len(shared), len(sequence.tokens) // PAGE_TOKENS):
            before, tokens = _before(sequence, contents), _tokens_of(sequence, index)
            known = self._pool.find(before, tokens)
            if known is not None and known.page is None:
                break
            contents.append(known or self._pool.announce(before, tokens))
        return contents

    def _shared_beginning(self, sequence: Sequence) -> list[Content] | None:
        """The contents of the pages that it can share; None while the next one is being computed.

        At least one token is left to compute, since its hidden state tells what comes next.
        """
        shared: list[Content] = []
        if not self._shares:
            return shared
        for index in range((len(sequence.tokens) - 1) // PAGE_TOKENS):
            content = self._pool.find(_before(sequence, shared), _tokens_of(sequence, index))
            needs_scores = sequence.first_scored < (index + 1) * PAGE_TOKENS
            if content is None or (content.page is not None and needs_scores and content.scores is None):
                break
            if content.page is None:
                return None
            shared.append(content)
        return shared


def _uncomputed(sequence: Sequence) -> int:
    return len(sequence.tokens) - sequence.computed


def _tokens_of(sequence: Sequence, index: int) -> tuple[int, ...]:
    return tuple(sequence.tokens[index * PAGE_TOKENS : (index + 1) * PAGE_TOKENS])


def _before(sequence: Sequence, contents: list[Content]) -> Hashable:
    """What the next page follows on: another page, or the beginning, which each salt has for itself."""
    return contents[-1].number if contents else sequence.request.cache_salt
