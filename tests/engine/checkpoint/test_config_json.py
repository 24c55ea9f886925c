"""config.json of a LLaMA is read as transformers writes it, and that of another model is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference_worker.engine.checkpoint.config_json import is_tied, model_config
from inference_worker.engine.config import ModelConfig
from inference_worker.engine.errors import CheckpointError

LLAMA_2_70B = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "max_position_embeddings": 4096,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
    "num_key_value_heads": 8,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "tie_word_embeddings": False,
    "torch_dtype": "float16",
    "vocab_size": 32000,
}


def read(tmp_path: Path, config: object) -> ModelConfig:
    path = tmp_path / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return model_config(path, tokenizer_vocab_size=32000)


def test_llama_2_70b_is_read(tmp_path: Path) -> None:
    config = read(tmp_path, LLAMA_2_70B)
    assert (config.dim, config.n_layers, config.n_heads, config.n_kv_heads, config.ffn_dim) == (8192, 80, 64, 8, 28672)
    assert (config.norm_eps, config.rope_theta, config.context_tokens) == (1e-5, 10_000.0, 4096)


def test_what_old_files_leave_out_has_the_usual_value(tmp_path: Path) -> None:
    old = {k: v for k, v in LLAMA_2_70B.items() if k not in ("num_key_value_heads", "max_position_embeddings")}
    config = read(tmp_path, old | {"architectures": None, "rms_norm_eps": None})
    assert (config.n_kv_heads, config.context_tokens, config.norm_eps) == (64, 2048, 1e-6)


@pytest.mark.parametrize(
    "place",
    [
        {"rope_theta": 500.0},
        {"rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}},
        {"rope_parameters": {"rope_theta": 500.0}, "rope_theta": 500},
        {"rope_parameters": None, "rope_theta": 500.0},
    ],
)
def test_the_rotary_base_may_lie_in_either_place(tmp_path: Path, place: dict[str, Any]) -> None:
    assert read(tmp_path, LLAMA_2_70B | place).rope_theta == 500.0


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "mistral"},
        {"model_type": None},
        {"architectures": ["LlamaForSequenceClassification"]},
        {"hidden_act": "gelu"},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"quantization_config": {"quant_method": "gptq"}},
        {"head_dim": 64},
        {"head_dim": "128"},
        {"rope_parameters": {"rope_theta": 500.0, "rope_type": "llama3"}},
        {"rope_parameters": {"rope_theta": 500.0, "type": "linear"}},
        {"rope_parameters": {"rope_theta": 500.0, "partial_rotary_factor": 0.5}},
        {"rope_theta": 501.0, "rope_parameters": {"rope_theta": 500.0}},
        {"rope_parameters": []},
        {"rope_theta": "500"},
        {"rope_theta": float("nan")},
        {"vocab_size": 32001},
        {"vocab_size": -1},
        {"hidden_size": 8191},
        {"hidden_size": 10**12},
        {"hidden_size": "8192"},
        {"hidden_size": None},
        {"intermediate_size": None},
        {"intermediate_size": 0},
        {"intermediate_size": 2**40},
        {"num_attention_heads": 0},
        {"num_key_value_heads": 7},
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": True},
        {"max_position_embeddings": 2**40},
        {"rms_norm_eps": 0},
    ],
)
def test_what_is_no_llama_is_refused_by_its_name(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError) as caught:
        read(tmp_path, LLAMA_2_70B | changes)
    assert caught.value.file == tmp_path / "config.json"
    assert next(iter(changes)) in caught.value.reason


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, " " * 2**20 + "{}", '{"a": 1, "a": 1}'])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json"):
        read(tmp_path, text)


def test_whether_the_output_is_the_embeddings_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    for written, expected in ((True, True), (False, False)):
        path.write_text(json.dumps(LLAMA_2_70B | {"tie_word_embeddings": written}))
        assert is_tied(path) is expected
    path.write_text(json.dumps({"model_type": "llama"}))
    assert is_tied(path) is False
    path.write_text(json.dumps(LLAMA_2_70B | {"tie_word_embeddings": "yes"}))
    with pytest.raises(CheckpointError, match="tie_word_embeddings"):
        is_tied(path)
