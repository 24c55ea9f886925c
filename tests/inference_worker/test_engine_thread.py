"""One engine, many threads that ask it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import pytest

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import ContextLengthError, NonFiniteLogitsError
from inference_worker.engine.scheduler import Span
from inference_worker.engine.sequence import Completion, Request
from inference_worker.engine_thread import EngineCrashedError, EngineThread, EngineUnavailableError
from tests.engine.factories import request

PROMPTS = ["It was", "Call me", "Alice was", "The quick", "In the", "Some years", "he saw", "dog", "10 books", "sea"]


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return Engine.load(tiny_model, EngineConfig(max_batch_size=4))


@pytest.fixture
def thread(engine: Engine) -> Iterator[EngineThread]:
    running = EngineThread(lambda: engine, places=4, name="test")
    yield running
    running.close()


def serve(load: Callable[[], Engine]) -> EngineThread:
    return EngineThread(load, places=4, name="test")


def test_answers_are_those_of_the_engine_alone(engine: Engine, thread: EngineThread) -> None:
    requests = [request(engine, prompt, temperature=1.0, seed=7, max_tokens=9) for prompt in PROMPTS]
    futures = [thread.submit(one) for one in requests]
    together = [future.result(60).text for future in futures]
    with ThreadPoolExecutor(5) as pool:
        threaded = [future.result(60).text for future in pool.map(thread.submit, requests)]
    thread.close()
    alone = [answer.text for one in requests for answer in engine.generate([one]) if answer]
    assert together == threaded == alone


def test_a_request_that_cannot_run_fails_alone(engine: Engine, thread: EngineThread) -> None:
    good, bad = request(engine, "It was"), request(engine, "It was", max_tokens=600)
    futures = [thread.submit(one) for one in (good, bad, good)]
    with pytest.raises(ContextLengthError):
        futures[1].result(60)
    assert futures[0].result(60) == futures[2].result(60)


class Sick(Engine):
    """Real but for one prompt, whose numbers overflow, and one that brings the whole engine down."""

    def _advance(self, spans: list[Span]) -> None:
        prompts = {span.sequence.request.prompt_text for span in spans}
        if "NaN" in prompts:
            raise NonFiniteLogitsError
        if "crash" in prompts:
            raise RuntimeError("device lost")
        super()._advance(spans)

    def add(self, one: Request) -> int:
        if one.prompt_text == "no room":
            raise MemoryError
        return super().add(one)


@pytest.fixture
def loads(tiny_model: Path) -> Iterator[tuple[EngineThread, list[Engine]]]:
    """A thread of sick engines, and the list of those it has loaded."""
    loaded: list[Engine] = []

    def load() -> Engine:
        loaded.append(Sick.load(tiny_model, EngineConfig(max_batch_size=4)))
        return loaded[-1]

    thread = serve(load)
    yield thread, loaded
    thread.close()


def ask(thread: EngineThread, engine: Engine, prompt: str) -> Callable[[], Completion]:
    future = thread.submit(request(engine, prompt, max_tokens=6))
    return lambda: future.result(60)


def test_numbers_that_overflow_fail_the_request_at_fault_and_no_other(
    engine: Engine, thread: EngineThread, loads: tuple[EngineThread, list[Engine]]
) -> None:
    sick, loaded = loads
    answers = [ask(sick, engine, prompt) for prompt in ("It was", "dog", "NaN", "sea", "he saw", "NaN")]
    expected = [ask(thread, engine, prompt)().text for prompt in ("It was", "dog", "sea", "he saw")]
    assert [answers[n]().text for n in (0, 1, 3, 4)] == expected
    for n in (2, 5):
        with pytest.raises(NonFiniteLogitsError):
            answers[n]()
    assert len(loaded) == 1


def test_a_crash_fails_what_was_there_and_the_next_request_gets_a_fresh_engine(
    engine: Engine, loads: tuple[EngineThread, list[Engine]]
) -> None:
    thread, loaded = loads
    with pytest.raises(EngineCrashedError):
        ask(thread, engine, "crash")()
    assert ask(thread, engine, "It was")().completion_token_count == 6
    assert len(loaded) == 2


def test_a_crash_spares_those_that_the_engine_was_not_given_yet(
    engine: Engine, loads: tuple[EngineThread, list[Engine]]
) -> None:
    thread, _ = loads
    urgent = [thread.submit(request(engine, "crash"), urgent=True) for _ in range(4)]
    waiting = [thread.submit(request(engine, prompt, max_tokens=3)) for prompt in PROMPTS]
    assert all(isinstance(future.exception(60), EngineCrashedError) for future in urgent)
    assert [future.result(60).completion_token_count for future in waiting[4:]] == [3] * 6


def test_a_request_that_crashes_the_engine_on_its_way_in_is_answered_too(
    engine: Engine, loads: tuple[EngineThread, list[Engine]]
) -> None:
    thread, loaded = loads
    with pytest.raises(EngineCrashedError):
        ask(thread, engine, "no room")()
    assert ask(thread, engine, "It was")().completion_token_count == 6
    assert len(loaded) == 2


def test_a_model_that_cannot_be_loaded_is_said_so_each_time(engine: Engine, tmp_path: Path) -> None:
    thread = serve(lambda: Engine.load(tmp_path / "nowhere", EngineConfig()))
    for _ in range(2):
        with pytest.raises(EngineUnavailableError, match="no such folder"):
            ask(thread, engine, "It was")()
    thread.close()


class Held(Engine):
    """Runs one request at a time, and stands still until it may step; `seen` are the requests in the order given."""

    def __init__(self, whole: Engine) -> None:
        super().__init__(whole._model, whole.tokenizer, whole.model_config, EngineConfig(max_batch_size=1))
        self.may_step = threading.Event()
        self.seen: list[Request] = []

    def add(self, one: Request) -> int:
        self.seen.append(one)
        return super().add(one)

    def step(self) -> list[tuple[int, Completion]]:
        assert self.may_step.wait(60)
        return super().step()


def test_whoever_waits_for_an_engine_that_is_given_up_hears_of_it_at_once(engine: Engine) -> None:
    held = Held(engine)
    thread = EngineThread(lambda: held, places=1, name="test")
    futures = [thread.submit(request(engine, prompt)) for prompt in PROMPTS]
    thread.abandon()
    for future in futures:
        assert isinstance(future.exception(0), EngineUnavailableError)
    with pytest.raises(EngineUnavailableError):
        thread.submit(request(engine, "sea"))
    held.may_step.set()
    thread.close()


def test_a_cancelled_request_frees_its_place(engine: Engine) -> None:
    held = Held(engine)
    thread = EngineThread(lambda: held, places=1, name="test")
    for future in [thread.submit(request(engine, prompt, max_tokens=500)) for prompt in PROMPTS]:
        assert future.cancel()
    held.may_step.set()
    assert thread.submit(request(engine, "sea", max_tokens=3)).result(60).completion_token_count == 3
    thread.close()


def test_an_urgent_request_passes_those_that_wait(engine: Engine) -> None:
    held = Held(engine)
    thread = EngineThread(lambda: held, places=1, name="test")
    for prompt in PROMPTS:
        thread.submit(request(engine, prompt, max_tokens=4))
    urgent = request(engine, "now", max_tokens=2)
    answer = thread.submit(urgent, urgent=True)
    held.may_step.set()
    answer.result(60)
    assert held.seen.index(urgent) <= 1  # the one that was running came first, nothing else
    thread.close()


def test_closing_cancels_what_runs_and_refuses_what_comes(engine: Engine) -> None:
    held = Held(engine)
    thread = EngineThread(lambda: held, places=1, name="test")
    running, waiting = (thread.submit(request(engine, "It was", max_tokens=500)) for _ in range(2))
    closing = threading.Thread(target=thread.close)
    closing.start()
    held.may_step.set()
    for future in (running, waiting):
        with pytest.raises(CancelledError):
            future.result(60)
    closing.join()
    with pytest.raises(EngineUnavailableError):
        thread.submit(request(engine, "It was"))
