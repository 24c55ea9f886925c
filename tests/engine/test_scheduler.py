"""Random lives of requests: each token is computed once, in a page that only those read who may; nobody starves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from inference_worker.engine.pages import PAGE_TOKENS, PagePool
from inference_worker.engine.scheduler import Scheduler, Span
from inference_worker.engine.sequence import Request, SamplingOptions, Sequence, TokenScore
from inference_worker.engine.tokenizer import Tokenizer

PAGES, RUNNING, BUDGET, CONTEXT = 12, 4, 24, 8 * PAGE_TOKENS
# A few beginnings that prompts share, wholly or in part.
BEGINNINGS = [(7,) * 40, (7,) * 16 + (8,) * 24, (9,) * 70, ()]


@dataclass
class World:
    """A scheduler and a model that is none: of each token it writes down after which others it was computed."""

    tokenizer: Tokenizer
    pages: int = PAGES
    shares: bool = True
    written: dict[tuple[int, int], object] = field(default_factory=dict)  # (page, place): which tokens, whose salt
    living: dict[int, Sequence] = field(default_factory=dict)
    count: int = 0
    computed: int = 0
    preempted: int = 0

    def __post_init__(self) -> None:
        self.pool = PagePool(self.pages)
        self.scheduler = Scheduler(self.pool, max_running=RUNNING, max_step_tokens=BUDGET, shares=self.shares)

    def add(
        self, tokens: tuple[int, ...], max_tokens: int, *, salt: str = "", echo: bool = False, scored_from: int = 0
    ) -> Sequence:
        options = SamplingOptions(max_tokens=max_tokens, echo=echo, logprobs=1 if echo else None)
        request = Request(tokens, options, cache_salt=salt, scored_from=scored_from)
        sequence = Sequence(self.count, request, self.tokenizer)
        self.count += 1
        self.living[sequence.id] = sequence
        self.scheduler.add(sequence)
        return sequence

    def remove(self, sequence: Sequence) -> None:
        assert self.scheduler.remove(sequence.id)
        assert not self.scheduler.remove(sequence.id), "twice is harmless"
        del self.living[sequence.id]

    def step(self) -> list[Span]:
        before = {sequence.id for sequence in self.running()}
        spans = self.scheduler.schedule()
        self.preempted += len(before - {sequence.id for sequence in self.running()})
        self._check(spans)
        for span in spans:
            for position in range(span.start, span.stop):
                self.written[self._place(span.sequence, position)] = _identity(span.sequence, position)
            self._score(span)
        for span in spans:
            self._grow(span)
        self.computed += sum(span.count for span in spans)
        return spans

    def running(self) -> list[Sequence]:
        return [sequence for sequence in self.living.values() if sequence.pages]

    def _check(self, spans: list[Span]) -> None:
        assert sum(span.count for span in spans) <= BUDGET
        assert len({span.sequence.id for span in spans}) == len(spans) <= RUNNING
        assert spans or not self.living, "whoever waits gets on"
        targets: set[tuple[int, int]] = set()
        for span in spans:
            assert span.start == span.sequence.computed
            for position in range(span.start):
                found = self.written[self._place(span.sequence, position)]
                assert found == _identity(span.sequence, position), "it reads what others wrote after other tokens"
            own = {self._place(span.sequence, position) for position in range(span.start, span.stop)}
            assert not own & targets, "two write to one place"
            targets |= own
        read = {self._place(each, position) for each in self.running() for position in range(each.computed)}
        assert not read & targets, "what somebody reads is overwritten"

    def _score(self, span: Span) -> None:
        """What the engine can score after this span: each token whose state before it was computed or kept."""
        sequence = span.sequence
        first = max(span.start, sequence.first_scored)
        prompt_tokens = len(sequence.request.prompt_tokens)
        if first == span.start and first not in sequence.scores and first < prompt_tokens:
            assert span.start % PAGE_TOKENS == 0, "only at the end of a page the state is kept"
        for index in range(first, min(span.stop + 1, prompt_tokens)):
            sequence.scores[index] = TokenScore(float(hash(_identity(sequence, index)) % 1000), ())

    def _grow(self, span: Span) -> None:
        sequence = span.sequence
        self.scheduler.note_computed(span)
        if span.stop == len(sequence.tokens) and sequence.finish_reason is None:
            sequence.advance(3 + hash(tuple(sequence.tokens)) % 2)
            if sequence.request.options.logprobs is not None:
                place = len(sequence.tokens) - 1
                sequence.scores[place] = TokenScore(float(hash(_identity(sequence, place)) % 1000), ())
        if sequence.finish_reason is not None and sequence.computed >= len(sequence.request.prompt_tokens):
            self.check_scores(sequence)
            self.remove(sequence)

    def check_scores(self, sequence: Sequence) -> None:
        if sequence.request.options.logprobs is not None:
            assert sequence.scores.keys() >= set(range(sequence.first_scored, len(sequence.tokens)))
            for place, score in sequence.scores.items():
                assert score.logprob == hash(_identity(sequence, place)) % 1000, "the score of another's token"

    def _place(self, sequence: Sequence, position: int) -> tuple[int, int]:
        return sequence.pages[position // PAGE_TOKENS], position % PAGE_TOKENS

    def check_pages(self) -> None:
        """Those in use and those available are all, and each is counted as often as it is used."""
        used = [page for sequence in self.living.values() for page in sequence.pages]
        assert self.pool.available + len(set(used)) == self.pages
        assert [self.pool._users[page] for page in range(self.pages)] == [used.count(p) for p in range(self.pages)]
        assert len(self.running()) <= RUNNING
        assert self.scheduler.is_idle == (not self.living)


def _identity(sequence: Sequence, position: int) -> object:
    return sequence.request.cache_salt, tuple(sequence.tokens[: position + 1])


def random_request(world: World, dice: random.Random) -> None:
    beginning = dice.choice(BEGINNINGS)
    prompt = beginning[: dice.randint(0, len(beginning))] + tuple(dice.choices((7, 8), k=dice.randint(1, 20)))
    world.add(
        prompt, dice.randint(0, CONTEXT - len(prompt)), salt=dice.choice(("", "", "lab")), echo=dice.random() < 0.3,
        scored_from=dice.choice((0, 0, dice.randint(0, len(prompt)))),
    )  # fmt: skip


def test_no_page_is_leaked_or_shared_wrongly_over_a_hundred_thousand_random_steps(tokenizer: Tokenizer) -> None:
    world, dice = World(tokenizer), random.Random(6)
    steps = 0
    while steps < 100_000:
        if dice.random() < 0.15 and len(world.living) < 12:
            random_request(world, dice)
        elif dice.random() < 0.02 and world.living:
            world.remove(dice.choice(list(world.living.values())))
        else:
            steps += len(world.step()) or 1
            if steps % 7 == 0:
                world.check_pages()
    assert world.preempted > 100, "there were too many pages to try that"
    while world.living:
        world.step()
    world.check_pages()
    assert world.pool.available == PAGES


class Life(RuleBasedStateMachine):
    """The same by commands that hypothesis chooses, and shortens when it finds something."""

    tokenizer: Tokenizer

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.tokenizer, pages=8)

    @rule(
        beginning=st.sampled_from(BEGINNINGS),
        kept=st.integers(0, 70),
        own=st.integers(1, 20),
        max_tokens=st.integers(0, 30),
        salt=st.sampled_from(("", "lab")),
        echo=st.booleans(),
    )
    def add(self, beginning: tuple[int, ...], kept: int, own: int, max_tokens: int, salt: str, echo: bool) -> None:
        self.world.add(beginning[:kept] + (8,) * own, max_tokens, salt=salt, echo=echo)

    @rule()
    def step(self) -> None:
        self.world.step()

    @precondition(lambda self: self.world.living)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.world.remove(data.draw(st.sampled_from(list(self.world.living.values()))))

    @invariant()
    def every_page_is_accounted_for(self) -> None:
        self.world.check_pages()


def test_lives_that_hypothesis_makes_up(tokenizer: Tokenizer) -> None:
    Life.tokenizer = tokenizer
    run_state_machine_as_test(Life, settings=settings(max_examples=80, stateful_step_count=50))


@pytest.fixture
def world(tokenizer: Tokenizer) -> Iterator[World]:
    yield (made := World(tokenizer))
    made.check_pages()


def test_first_come_first_served(world: World) -> None:
    first, second = world.add((7,) * 60, 1), world.add((8,), 1)
    assert [span.sequence for span in world.step()] == [first]
    assert [(span.sequence, span.count) for span in world.step()] == [(first, BUDGET)]
    assert [(span.sequence, span.count) for span in world.step()] == [(first, 12), (second, 1)]


def test_a_long_prompt_does_not_hold_up_whoever_answers_already(world: World) -> None:
    talking = world.add((7,), 20)
    world.step()
    long = world.add((8,) * 100, 1)
    for _ in range(4):
        assert [(span.sequence, span.count) for span in world.step()] == [(talking, 1), (long, BUDGET - 1)]


def test_a_beginning_that_was_computed_is_not_computed_again(world: World) -> None:
    world.add((9,) * 65, 0)
    while world.living:
        world.step()
    late = world.add((9,) * 64 + (8,) * 3, 0)
    assert [(span.start, span.count) for span in world.step()] == [(64, 3)]
    assert late.cached_token_count == 64


def test_at_least_one_token_is_computed(world: World) -> None:
    for _ in range(2):
        world.add((9,) * 64, 0)
        while world.living:
            spans = world.step()
    assert [(span.start, span.count) for span in spans] == [(48, 16)]


def test_who_begins_like_somebody_running_waits_and_shares(world: World) -> None:
    for _ in range(4):
        world.add((9,) * 33, 0)
    while world.living:
        world.step()
    assert world.computed == 33 + 3


def test_who_waited_for_somebody_who_left_computes_it_alone(world: World) -> None:
    leaver = world.add((9,) * 70, 0)
    world.add((9,) * 70, 0)
    world.step()
    world.remove(leaver)
    while world.living:
        world.step()
    assert world.computed == BUDGET + 70 - PAGE_TOKENS, "the page that was full is shared"


def test_other_salts_share_nothing(world: World) -> None:
    for salt in ("one", "two"):
        world.add((9,) * 64, 0, salt=salt)
        while world.living:
            world.step()
    assert world.computed == 128


def test_nothing_is_shared_where_that_is_switched_off(tokenizer: Tokenizer) -> None:
    world = World(tokenizer, shares=False)
    for _ in range(2):
        world.add((9,) * 64, 0)
        while world.living:
            world.step()
    assert world.computed == 128


def test_scores_are_shared_with_the_pages_and_never_missing(world: World) -> None:
    for echo in (False, True, True):
        sequence = world.add((9,) * 64, 0, echo=echo)
        while world.living:
            world.step()
        world.check_scores(sequence)
    assert world.computed == 64 + 64 + 16, "pages without scores are no use to who wants them"


def test_who_came_last_starts_over_when_pages_run_short_and_loses_no_token(world: World) -> None:
    sequences = [world.add((token,) * 20, 100) for token in (7, 8, 9)]
    seen: dict[int, int] = {}
    while world.living:
        world.step()
        for sequence in sequences:
            assert len(sequence.tokens) >= seen.get(sequence.id, 0)
            seen[sequence.id] = len(sequence.tokens)
    assert world.preempted
    assert set(seen.values()) == {120}


def test_who_came_first_never_starts_over_and_who_has_to_is_next(world: World) -> None:
    first, _, third = (world.add((token,) * 20, 100) for token in (7, 8, 9))
    late = world.add((4,) * 90, 1)
    while world.living:
        world.step()
        assert first.pages or first.id not in world.living
        assert third.pages or third.id not in world.living or not late.pages
    assert world.preempted


def test_a_step_that_failed_leaves_nothing_behind_whoever_leaves_first(world: World) -> None:
    plain = world.add((9,) * 70, 1)
    scored = world.add((9,) * 70, 1, echo=True)
    world.step()
    world.step()
    spans = world.scheduler.schedule()  # and the model fails
    assert [span.sequence for span in spans] == [plain, scored]
    world.remove(scored)
    world.remove(plain)
    world.add((9,) * 70, 1)
    assert world.step()[0].start == 48, "what was computed before is still known"


def test_an_unknown_request_cannot_be_removed(world: World) -> None:
    assert not world.scheduler.remove(5)
