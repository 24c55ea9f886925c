"""params.json read as LLaMA 1 and 2 write it; settings refused when they make no sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference_worker.engine.config import EngineConfig, ModelConfig
from inference_worker.engine.errors import CheckpointError, ConfigError

LLAMA_7B = {
    "dim": 4096,
    "multiple_of": 256,
    "n_heads": 32,
    "n_layers": 32,
    "norm_eps": 1e-06,
    "vocab_size": -1,
}
LLAMA_2_70B = {
    "dim": 8192,
    "multiple_of": 4096,
    "ffn_dim_multiplier": 1.3,
    "n_heads": 64,
    "n_kv_heads": 8,
    "n_layers": 80,
    "norm_eps": 1e-05,
    "vocab_size": -1,
}


def read(tmp_path: Path, params: object) -> ModelConfig:
    path = tmp_path / "params.json"
    path.write_text(params if isinstance(params, str) else json.dumps(params))
    return ModelConfig.from_params(path, tokenizer_vocab_size=32000)


@pytest.mark.parametrize(
    ("dim", "heads", "ffn"),
    [(4096, 32, 11008), (5120, 40, 13824), (6656, 52, 17920), (8192, 64, 22016)],
)
def test_llama_1_sizes_give_the_published_widths(tmp_path: Path, dim: int, heads: int, ffn: int) -> None:
    config = read(tmp_path, LLAMA_7B | {"dim": dim, "n_heads": heads})
    assert (config.ffn_dim, config.head_dim, config.n_kv_heads) == (ffn, 128, heads)
    assert (config.vocab_size, config.rope_theta, config.context_tokens) == (32000, 10000.0, 2048)


def test_llama_2_70b_gives_the_published_widths(tmp_path: Path) -> None:
    config = read(tmp_path, LLAMA_2_70B | {"max_seq_len": 4096})
    assert (config.ffn_dim, config.n_kv_heads, config.context_tokens) == (28672, 8, 4096)


@pytest.mark.parametrize(
    "changes",
    [
        {"dim": 0},
        {"dim": -4096},
        {"dim": 4096.0},
        {"dim": "4096"},
        {"dim": True},
        {"dim": 10**12},
        {"n_heads": 33},
        {"n_heads": 4096},
        {"n_kv_heads": 5},
        {"n_layers": 10**9},
        {"norm_eps": 0},
        {"norm_eps": float("nan")},
        {"rope_theta": float("inf")},
        {"max_seq_len": 2**40},
        {"vocab_size": 32001},
        {"ffn_dim_multiplier": 1e300},
        {"multiple_of": None},
    ],
)
def test_numbers_that_describe_no_model_are_refused_naming_the_file(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match=r"params\.json"):
        read(tmp_path, LLAMA_7B | changes)


@pytest.mark.parametrize("missing", ["dim", "n_layers", "n_heads", "norm_eps", "multiple_of"])
def test_a_missing_number_is_named(tmp_path: Path, missing: str) -> None:
    params = {key: value for key, value in LLAMA_7B.items() if key != missing}
    with pytest.raises(CheckpointError, match=missing):
        read(tmp_path, params)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", "\x00", "[" * 100_000, " " * 2**20 + "{}"])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CheckpointError, match=r"params\.json"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "settings",
    [
        {"device": "gpu"},
        {"device": "cuda:x"},
        {"device": None},
        {"dtype": "int8"},
        {"max_batch_size": 0},
        {"max_batch_size": 2.0},
        {"max_batch_tokens": -1},
        {"max_batch_tokens": True},
        {"max_batch_tokens": 8, "max_batch_size": 9},
        {"kv_bytes": 0},
        {"weights": "int2"},
    ],
)
def test_engine_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        EngineConfig(**settings)
