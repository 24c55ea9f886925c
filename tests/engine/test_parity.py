"""The engine against the second implementation of the equations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine

from . import factories, reference
from .reference import Array, Params

PROMPT = [1, 300, 17, 290, 290, 45, 310, 262, 259, 301]


def engine_log_probabilities(folder: Path, cuts: tuple[int, ...] = ()) -> Array:
    """[prompt, vocab] by the model itself, in one step or several."""
    return factories.logits_of(folder, PROMPT, cuts).log_softmax(-1).double().numpy()


@pytest.mark.parametrize("shards", [1, 2, 4])
@pytest.mark.parametrize(
    ("seed", "changes"),
    [
        (1, {}),
        (2, {"n_kv_heads": 2}),
        (3, {"n_kv_heads": 1, "rope_theta": 500.0, "ffn_dim_multiplier": 1.3, "norm_eps": 1e-2}),
        (6, {"dim": 64, "n_kv_heads": 2}),  # heads of 16, for the compiled kernels
        (7, {"dim": 256, "n_heads": 4}),
    ],
)
def test_log_probabilities_equal_the_equations_at_every_position(
    tmp_path: Path, tokenizer_file: Path, seed: int, changes: Params, shards: int
) -> None:
    params = factories.tiny_params(**changes)
    weights = factories.random_weights(params, seed)
    folder = factories.write_checkpoint(tmp_path / "m", tokenizer_file, params, weights, shards=shards)
    expected = reference.log_probabilities(weights, params, PROMPT)
    actual = engine_log_probabilities(folder)
    assert np.abs(actual - expected).max() <= 1e-3
    assert expected.std() > 1, "a flat distribution would prove nothing"


@pytest.mark.parametrize("kv_heads", [4, 2])
def test_greedy_tokens_equal_those_of_the_equations(tmp_path: Path, tokenizer_file: Path, kv_heads: int) -> None:
    params = factories.tiny_params(n_kv_heads=kv_heads)
    for seed in (4, 5):
        weights = factories.random_weights(params, seed)
        folder = factories.write_checkpoint(tmp_path / str(seed), tokenizer_file, params, weights)
        engine = Engine.load(folder, EngineConfig(max_batch_size=1))
        completion = factories.run(engine, PROMPT, max_tokens=8, logprobs=0)
        assert completion.logprobs is not None
        expected = reference.greedy(weights, params, PROMPT, completion.completion_token_count)
        assert completion.logprobs.tokens == [engine.tokenizer.piece(t).name for t in expected]


def test_decoding_from_the_cache_equals_computing_everything_anew(checkpoint: Path) -> None:
    whole = engine_log_probabilities(checkpoint)
    token_by_token = engine_log_probabilities(checkpoint, tuple(range(4, len(PROMPT))))
    assert np.abs(token_by_token - whole).max() <= 1e-4


def test_echoed_scores_equal_the_equations_also_beyond_one_slice(
    engine: Engine, params: Params, weights: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference_worker.engine.engine.SCORED_ROWS", 3)
    logprobs = factories.run(engine, PROMPT, max_tokens=0, echo=True, logprobs=5).logprobs
    assert logprobs is not None
    expected = reference.log_probabilities(weights, params, PROMPT)
    chosen = [row[token] for row, token in zip(expected, PROMPT[1:], strict=False)]
    assert logprobs.token_logprobs[0] is None
    assert np.allclose(np.array(logprobs.token_logprobs[1:], dtype=float), chosen, atol=1e-3)
    for row, best in zip(expected, logprobs.top_logprobs[1:], strict=False):
        assert best is not None
        assert np.allclose(sorted(best.values())[-5:], np.sort(row)[-5:], atol=1e-3)


@pytest.mark.parametrize(
    ("form", "dtype", "most"), [("int8", "float32", 0.1), ("int8", "bfloat16", 0.3), ("int4", "bfloat16", 1.5)]
)
def test_weights_in_fewer_bits_stay_near_the_equations(
    tmp_path: Path, tokenizer_file: Path, form: str, dtype: str, most: float
) -> None:
    params = factories.tiny_params(dim=128, n_heads=2, multiple_of=64, n_layers=1)
    weights = factories.random_weights(params, 9)
    folder = factories.write_checkpoint(tmp_path / "m", tokenizer_file, params, weights)
    engine = Engine.load(folder, EngineConfig(dtype=dtype, weights=form, max_batch_size=1))  # type: ignore[arg-type]
    logprobs = factories.run(engine, PROMPT, max_tokens=0, echo=True, logprobs=0).logprobs
    assert logprobs is not None
    expected = reference.log_probabilities(weights, params, PROMPT)
    chosen = [row[token] for row, token in zip(expected, PROMPT[1:], strict=False)]
    difference = np.abs(np.array(logprobs.token_logprobs[1:], dtype=float) - chosen)
    assert 0 < difference.mean() < most / 2
    assert difference.max() < most


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_sixteen_bit_models_stay_near_the_equations(
    checkpoint: Path, params: Params, weights: dict[str, Array], dtype: str
) -> None:
    engine = Engine.load(checkpoint, EngineConfig(dtype=dtype, max_batch_size=1))  # type: ignore[arg-type]
    logprobs = factories.run(engine, PROMPT, max_tokens=0, echo=True, logprobs=0).logprobs
    assert logprobs is not None
    expected = reference.log_probabilities(weights, params, PROMPT)
    chosen = [row[token] for row, token in zip(expected, PROMPT[1:], strict=False)]
    actual = np.array(logprobs.token_logprobs[1:], dtype=float)
    assert np.abs(actual - chosen).max() < (0.5 if dtype == "bfloat16" else 0.05)
