"""The demo weights are a real LLaMA that was really trained: small, intact, and better at English than chance."""

import math
import re
from pathlib import Path

import pytest

from inference_worker.engine.checkpoint.checklist import verify_checklist
from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.sequence import Request, SamplingOptions

MODEL = Path(__file__).resolve().parents[2] / "demo" / "model"
WEIGHTS = MODEL / "weights"
PROMPTS = ["Elizabeth was surprised to", "It was a cold morning, and Mr. Holmes", "And it came to pass, that"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(WEIGHTS, EngineConfig())


def test_the_files_are_metas_layout_and_at_most_12_megabytes() -> None:
    names = {path.name for path in WEIGHTS.iterdir()}
    assert names == {"params.json", "consolidated.00.pth", "tokenizer.model", "checklist.chk"}
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 12_000_000
    assert "consolidated.00.pth" in verify_checklist(WEIGHTS)


def test_it_continues_a_sentence_in_english_words(engine: Engine) -> None:
    known = set((MODEL / "evaluation" / "words.txt").read_text().split())
    for prompt in PROMPTS:
        options = SamplingOptions(max_tokens=60, temperature=0.7, seed=1)
        [completion] = engine.generate([Request(tuple(engine.tokenizer.encode(prompt)), options, prompt_text=prompt)])
        assert completion is not None
        words = re.findall(r"[a-z']+", completion.text.lower())[1:-1]  # the ends may be parts of words
        assert len(words) >= 20
        assert sum(word in known for word in words) >= 0.9 * len(words), completion.text


def test_it_predicts_prose_that_it_was_never_trained_on(engine: Engine) -> None:
    """A model that knew only how often each token occurs would need above 6 nats a token; this one was at 3.2."""
    text = (MODEL / "evaluation" / "held_out.txt").read_text().splitlines()[:6]
    options = SamplingOptions(max_tokens=0, echo=True, logprobs=0)
    requests = [Request(tuple(engine.tokenizer.encode(line)[:200]), options) for line in text]
    scores = [
        score
        for completion in engine.generate(requests)
        if completion is not None and completion.logprobs is not None
        for score in completion.logprobs.token_logprobs
        if score is not None
    ]
    assert len(scores) > 300
    assert -math.fsum(scores) / len(scores) < 3.8
