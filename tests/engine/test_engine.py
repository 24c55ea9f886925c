"""Requests together and alone, stopped and aborted, refused and repeated."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inference_worker.engine.batch import Batch
from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import (
    ConfigError,
    ContextLengthError,
    EmptyPromptError,
    EngineBusyError,
    NonFiniteLogitsError,
    OutOfMemoryError,
    TokenIdError,
)
from inference_worker.engine.kv_cache import KVCache, bytes_per_page
from inference_worker.engine.sequence import Completion, Request, Sequence

from . import factories

EOS = 2


def mixed_requests(engine: Engine, count: int, **options: Any) -> list[Request]:
    """Prompts and answers of many lengths, so that they join and leave a batch at different steps."""
    dice = random.Random(5)
    return [
        factories.request(
            engine,
            [1, *dice.choices(range(3, 320), k=dice.randint(0, 30))],
            max_tokens=dice.randint(1, 30),
            seed=dice.randint(0, 999),
            **options,
        )
        for _ in range(count)
    ]


def alone(engine: Engine, requests: list[Request]) -> list[Completion | None]:
    return [engine.generate([request])[0] for request in requests]


def test_greedy_answers_are_the_same_alone_and_in_a_mixed_batch(engine: Engine) -> None:
    requests = mixed_requests(engine, 30)
    assert engine.generate(requests) == alone(engine, requests)


def test_greedy_answers_do_not_depend_on_the_batch_size(checkpoint: Path, engine: Engine) -> None:
    requests = mixed_requests(engine, 30)
    wide = Engine.load(checkpoint, EngineConfig(max_batch_size=64, max_batch_tokens=2000))
    assert wide.generate(requests) == engine.generate(requests)


def test_seeded_answers_are_the_same_alone_in_a_batch_and_in_another_order(engine: Engine) -> None:
    requests = mixed_requests(engine, 20, temperature=1.3, top_p=0.95, presence_penalty=0.5)
    together = engine.generate(requests)
    assert together == alone(engine, requests)
    assert engine.generate(requests[::-1]) == together[::-1]


def test_different_seeds_give_different_answers(engine: Engine) -> None:
    answers = {factories.run(engine, "the", temperature=1.5, seed=seed).text for seed in range(8)}
    assert len(answers) == 8


def test_scores_in_a_batch_equal_scores_alone(engine: Engine) -> None:
    requests = [
        factories.request(engine, list(range(3, 3 + n)), max_tokens=1, echo=True, logprobs=1)
        for n in (5, 40, 1, 17, 63)
    ]
    for together, single in zip(engine.generate(requests), alone(engine, requests), strict=True):
        assert together is not None
        assert single is not None
        assert together.logprobs is not None
        assert single.logprobs is not None
        assert together.logprobs.tokens == single.logprobs.tokens
        assert together.logprobs.token_logprobs[1:] == pytest.approx(single.logprobs.token_logprobs[1:], abs=1e-4)


def test_counts_are_those_of_prompt_and_sampled_tokens(engine: Engine) -> None:
    completion = factories.run(engine, "Call me", max_tokens=7, logit_bias={EOS: -100})
    assert completion.prompt_token_count == len(engine.tokenizer.encode("Call me"))
    assert completion.completion_token_count == 7
    assert completion.cached_token_count == 0


def test_a_prompt_may_fill_the_context_and_exceed_the_batch_budget(engine: Engine) -> None:
    completion = factories.run(engine, [7] * 63, max_tokens=1)
    assert completion.prompt_token_count == 63
    assert factories.run(engine, [7] * 64, max_tokens=0).prompt_token_count == 64


def test_an_empty_text_is_continued_from_bos(engine: Engine) -> None:
    completion = factories.run(engine, "", max_tokens=3, echo=True, logprobs=1, logit_bias={EOS: -100})
    assert completion.prompt_token_count == 1
    assert completion.logprobs is not None
    assert None not in completion.logprobs.token_logprobs


def test_step_returns_each_request_once_when_it_is_finished(engine: Engine) -> None:
    requests = mixed_requests(engine, 9)
    expected = alone(engine, requests)
    ids = [engine.add(request) for request in requests]
    finished: list[tuple[int, Completion]] = []
    while len(finished) < len(ids):
        finished += engine.step()
    assert engine.step() == []
    assert [dict(finished)[request_id] for request_id in ids] == expected


def test_a_request_added_while_others_run_gets_the_same_answer(engine: Engine) -> None:
    first, late = mixed_requests(engine, 2, logit_bias={EOS: -100})
    expected = alone(engine, [first, late])
    ids = [engine.add(first)]
    finished = dict(engine.step() + engine.step())
    ids.append(engine.add(late))
    while len(finished) < 2:
        finished |= dict(engine.step())
    assert [finished[request_id] for request_id in ids] == expected


def test_aborting_running_and_waiting_requests_leaves_the_others_alone(engine: Engine) -> None:
    requests = mixed_requests(engine, 9, logit_bias={EOS: -100})
    expected = alone(engine, requests)
    ids = [engine.add(request) for request in requests]
    finished = dict(engine.step())
    for position in (0, 8):
        assert engine.abort(ids[position]) == (ids[position] not in finished)
        assert not engine.abort(ids[position])
    while step := engine.step():
        finished |= dict(step)
    while not engine._scheduler.is_idle:
        finished |= dict(engine.step())
    for position in range(1, 8):
        assert finished[ids[position]] == expected[position]
    assert ids[8] not in finished


def test_an_unknown_request_cannot_be_aborted(engine: Engine) -> None:
    assert not engine.abort(10**9)


def test_should_stop_ends_the_run_and_the_engine_can_be_used_again(engine: Engine) -> None:
    requests = mixed_requests(engine, 12, logit_bias={EOS: -100})
    asked = iter([False] * 20)
    answers = engine.generate(requests, should_stop=lambda: next(asked, True))
    assert None in answers
    assert any(answers), "some are short enough to finish in twenty steps"
    complete = engine.generate(requests)
    assert all(answer in (None, whole) for answer, whole in zip(answers, complete, strict=True))


def test_should_stop_at_once_runs_nothing(engine: Engine) -> None:
    assert engine.generate(mixed_requests(engine, 3), should_stop=lambda: True) == [None] * 3


def test_nothing_asked_is_nothing_answered(engine: Engine) -> None:
    assert engine.generate([]) == []


def test_on_finished_hears_of_every_answer_as_it_comes(engine: Engine) -> None:
    requests = mixed_requests(engine, 9)
    heard: dict[int, Completion] = {}
    answers = engine.generate(requests, on_finished=heard.__setitem__)
    assert [heard[index] for index in range(9)] == answers
    assert list(heard) != sorted(heard), "short ones overtake long ones"


def test_a_caller_who_fails_on_an_answer_leaves_the_engine_usable(engine: Engine) -> None:
    def fail(index: int, completion: Completion) -> None:
        raise OSError("disk full")

    requests = mixed_requests(engine, 9)
    with pytest.raises(OSError, match="disk full"):
        engine.generate(requests, on_finished=fail)
    assert engine.generate(requests) == alone(engine, requests)


def test_one_refused_request_stops_the_call_before_anything_runs(engine: Engine) -> None:
    good = factories.request(engine, "the", max_tokens=2)
    heard: list[int] = []
    for bad, error in (
        (factories.request(engine, [], max_tokens=1), EmptyPromptError),
        (factories.request(engine, [320], max_tokens=1), TokenIdError),
        (factories.request(engine, [1] * 60, max_tokens=5), ContextLengthError),
    ):
        with pytest.raises(error):
            engine.generate([good, bad], on_finished=lambda index, _: heard.append(index))
    assert heard == []
    assert engine.generate([good])[0] is not None


def test_generate_refuses_to_mix_with_requests_added_elsewhere(engine: Engine) -> None:
    request = factories.request(engine, "the", max_tokens=2)
    request_id = engine.add(request)
    with pytest.raises(EngineBusyError):
        engine.generate([request])
    assert engine.abort(request_id)


BEGINNING = [1, *range(40, 100)]  # 61 tokens: three full pages and a part of the next


def test_what_begins_alike_is_computed_once_and_answered_the_same(checkpoint: Path) -> None:
    loaded = {shares: load(checkpoint, shares_prefixes=shares) for shares in (False, True)}
    dice = random.Random(7)
    asked = [
        factories.request(
            loaded[True], BEGINNING[: dice.randint(20, 50)] + dice.choices(range(3, 320), k=3),
            max_tokens=4, echo=dice.random() < 0.5, logprobs=dice.choice((None, 0, 5)),
        )
        for _ in range(40)
    ]  # fmt: skip
    alone, shared = (loaded[shares].generate(asked) for shares in (False, True))
    for one, other in zip(alone, shared, strict=True):
        assert_same(one, other)
    assert all(answer is not None and answer.cached_token_count == 0 for answer in alone)
    assert sum(answer.cached_token_count for answer in shared if answer is not None) > 400


@pytest.mark.parametrize("prompt_tokens", [16, 17, 32, 33, 48])
def test_scores_after_shared_pages_are_those_of_a_whole_computation(checkpoint: Path, prompt_tokens: int) -> None:
    engine = load(checkpoint)
    asked = factories.request(engine, BEGINNING[:prompt_tokens], max_tokens=1, echo=True, logprobs=5)
    [first], [second] = engine.generate([asked]), engine.generate([asked])
    assert second is not None
    assert second.cached_token_count == (prompt_tokens - 1) // 16 * 16
    assert_same(first, second)


def test_only_what_continues_a_context_is_scored_and_contexts_are_shared(checkpoint: Path) -> None:
    engine = load(checkpoint)
    whole = factories.run(engine, BEGINNING, max_tokens=0, echo=True, logprobs=0).logprobs
    assert whole is not None
    fresh = load(checkpoint)
    pairs = [(BEGINNING[:cut], BEGINNING[cut:]) for cut in (61, 60, 48, 47, 33, 5, 1)]
    for (context, rest), scores in zip(pairs, fresh.score(pairs), strict=True):
        assert len(scores) == len(rest)
        assert scores == pytest.approx(whole.token_logprobs[len(context) :], abs=1e-4)
    assert fresh.score([([1], [])]) == [[]]
    with pytest.raises(EmptyPromptError):
        fresh.score([([], [1, 2])])


def test_a_short_step_cuts_long_prompts_and_changes_nothing(checkpoint: Path, engine: Engine) -> None:
    cut = load(checkpoint, max_batch_tokens=5, max_batch_size=5)
    asked = [
        factories.request(engine, BEGINNING[:length], max_tokens=3, echo=True, logprobs=2) for length in (1, 4, 11, 61)
    ]
    for one, other in zip(engine.generate(asked), cut.generate(asked), strict=True):
        assert_same(one, other)


def test_who_had_to_make_room_gives_the_same_answer(checkpoint: Path, engine: Engine) -> None:
    page = bytes_per_page(engine.model_config, torch.float32)
    small = load(checkpoint, kv_bytes=5 * page, max_batch_size=8)
    asked = mixed_requests(engine, 12, logprobs=1, logit_bias={EOS: -100}, temperature=1.0)
    preempted = count_preemptions(small)
    for one, other in zip(engine.generate(asked), small.generate(asked), strict=True):
        assert_same(one, other)
    assert preempted


def test_too_little_room_for_one_request_is_refused_at_once(checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="one request of full length needs"):
        load(checkpoint, kv_bytes=1000)


def test_nothing_grows_over_many_requests(checkpoint: Path) -> None:
    engine = load(checkpoint)
    for _ in range(3):
        engine.generate(mixed_requests(engine, 40))
        assert engine._scheduler._contents == {}
        pool = engine._scheduler._pool
        assert pool.available == pool.count
        assert len(pool._contents) <= pool.count


def short_of_memory(engine: Engine, monkeypatch: pytest.MonkeyPatch, most: int, error: type[Exception]) -> list[int]:
    """A device that has memory for `most` tokens in one step; the sizes of the steps that it was asked for."""
    forward, sizes = engine._model.forward, []

    def fail(batch: Batch, cache: KVCache) -> torch.Tensor:
        sizes.append(len(batch.tokens))
        if len(batch.tokens) > most:
            raise error("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
        return forward(batch, cache)

    monkeypatch.setattr(engine._model, "forward", fail)
    return sizes


@pytest.mark.parametrize("error", [RuntimeError, torch.OutOfMemoryError])
def test_a_device_without_memory_gets_smaller_steps_and_every_answer_comes(
    checkpoint: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    asked = mixed_requests(engine, 12, logprobs=1)
    small = load(checkpoint)
    sizes = short_of_memory(small, monkeypatch, 17, error)
    for one, other in zip(engine.generate(asked), small.generate(asked), strict=True):
        assert_same(one, other)
    assert max(sizes) > 17
    sizes.clear()
    assert small.generate(asked[:1])[0] is not None


def test_without_memory_for_the_smallest_step_the_request_fails_and_not_the_engine(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(checkpoint)
    sizes = short_of_memory(engine, monkeypatch, 3, RuntimeError)
    long, short = factories.request(engine, [7] * 40, max_tokens=1), factories.request(engine, [7], max_tokens=3)
    with pytest.raises(OutOfMemoryError):
        engine.generate([long])
    assert sizes == [40, 24, 16]
    assert engine.generate([short])[0] is not None


def test_another_failure_is_not_taken_for_a_lack_of_memory(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = load(checkpoint)
    monkeypatch.setattr(engine._model, "forward", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.generate([factories.request(engine, "the", max_tokens=1)])


def load(checkpoint: Path, **changes: Any) -> Engine:
    return Engine.load(checkpoint, EngineConfig(**{"max_batch_size": 4, "max_batch_tokens": 48, **changes}))


def count_preemptions(engine: Engine) -> list[int]:
    """The ids of those who start over, as it happens."""
    started_over: list[int] = []
    scheduler = engine._scheduler
    preempt = scheduler._preempt

    def note(sequence: Sequence) -> None:
        started_over.append(sequence.id)
        preempt(sequence)

    scheduler._preempt = note  # type: ignore[method-assign]
    return started_over


def assert_same(one: Completion | None, other: Completion | None) -> None:
    """The same text and reason, and log-probabilities as near as f32 in another order of sums can be."""
    assert one is not None
    assert other is not None
    assert replace(one, logprobs=None) == replace(other, logprobs=None)
    assert (one.logprobs is None) == (other.logprobs is None)
    if one.logprobs is None or other.logprobs is None:
        return
    assert one.logprobs.tokens == other.logprobs.tokens
    assert one.logprobs.text_offset == other.logprobs.text_offset
    for mine, theirs in zip(one.logprobs.token_logprobs, other.logprobs.token_logprobs, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4)
    for best, others in zip(one.logprobs.top_logprobs, other.logprobs.top_logprobs, strict=True):
        assert best == (None if others is None else pytest.approx(others, abs=1e-4))


def test_nan_from_the_model_is_an_error_and_not_an_answer(checkpoint: Path) -> None:
    engine = Engine.load(checkpoint, EngineConfig(max_batch_size=2))
    with torch.inference_mode():
        engine._model.norm[3] = float("nan")
    request_id = engine.add(factories.request(engine, "the", max_tokens=2))
    for _ in range(2):
        with pytest.raises(NonFiniteLogitsError):
            engine.step()
    assert engine.abort(request_id)
    assert engine.step() == []


def test_half_precision_gives_answers_in_a_batch(checkpoint: Path) -> None:
    engine = Engine.load(checkpoint, EngineConfig(dtype="bfloat16", max_batch_size=4))
    answers = engine.generate(mixed_requests(engine, 6, logit_bias={EOS: -100}))
    assert all(answer is not None and answer.completion_token_count > 0 for answer in answers)
