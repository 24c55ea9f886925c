"""Random lives of requests: no slot is ever shared or lost, and nobody is overtaken."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inference_worker.engine.scheduler import Scheduler
from inference_worker.engine.sequence import Request, SamplingOptions, Sequence
from inference_worker.engine.tokenizer import Tokenizer

SLOTS = 3
BUDGET = 10


def sequence(tokenizer: Tokenizer, number: int, prompt_tokens: int) -> Sequence:
    return Sequence(number, Request((7,) * prompt_tokens, SamplingOptions()), tokenizer)


class Life(RuleBasedStateMachine):
    """Adds, steps, finishes and aborts in any order, beside a list of who ought to be where."""

    tokenizer: Tokenizer

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(slot_count=SLOTS, max_batch_tokens=BUDGET)
        self.count = 0
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []

    @rule(prompt_tokens=st.integers(1, 15))
    def add(self, prompt_tokens: int) -> None:
        newcomer = sequence(self.tokenizer, self.count, prompt_tokens)
        self.count += 1
        self.waiting.append(newcomer)
        self.scheduler.add(newcomer)

    @rule()
    def step(self) -> None:
        scheduled = self.scheduler.schedule()
        admitted = scheduled[len(self.running) :]
        assert scheduled == self.running + self.waiting[: len(admitted)], "first come, first served"
        cost = sum(len(s.tokens) for s in admitted)
        assert len(admitted) <= 1 or cost <= BUDGET
        if self.waiting and len(self.running) < SLOTS:
            assert admitted, "a free slot is used at once, however long the prompt"
        self.waiting = self.waiting[len(admitted) :]
        self.running = scheduled

    @precondition(lambda self: self.running or self.waiting)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        leaver = data.draw(st.sampled_from(self.running + self.waiting))
        assert self.scheduler.remove(leaver.id)
        assert not self.scheduler.remove(leaver.id), "twice is harmless"
        assert leaver.slot is None
        self.running = [s for s in self.running if s is not leaver]
        self.waiting = [s for s in self.waiting if s is not leaver]

    @invariant()
    def every_runner_has_a_slot_of_its_own(self) -> None:
        slots = [s.slot for s in self.running]
        assert len(set(slots)) == len(slots) <= SLOTS
        assert set(slots) <= set(range(SLOTS))
        assert all(s.slot is None for s in self.waiting)
        assert self.scheduler.is_idle == (not self.running and not self.waiting)

    def teardown(self) -> None:
        """Once everyone has left, all the slots can be had again."""
        for leaver in self.running + self.waiting:
            self.scheduler.remove(leaver.id)
        for _ in range(SLOTS):
            self.scheduler.add(sequence(self.tokenizer, self.count, 1))
            self.count += 1
        assert sorted(s.slot or 0 for s in self.scheduler.schedule()) == list(range(SLOTS))


def test_no_slot_is_leaked_or_shared_over_random_lives(tokenizer: Tokenizer) -> None:
    Life.tokenizer = tokenizer
    run_state_machine_as_test(Life, settings=settings(max_examples=60, stateful_step_count=40))


def test_an_unknown_request_cannot_be_removed() -> None:
    assert not Scheduler(slot_count=1, max_batch_tokens=1).remove(5)
