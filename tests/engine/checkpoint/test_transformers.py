"""A model that transformers saves gives the same logits here, from its own folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from inference_worker.engine.checkpoint.folder import read_model_config
from inference_worker.engine.checkpoint.loading import load_parameters
from inference_worker.engine.checkpoint.part import Part
from tests.engine import factories
from tests.engine.factories import refusal

TOKENS = [1, 40, 260, 261, 7, 7, 290, 100, 45, 280, 266, 3]
TOLERANCE = 2e-5  # of logits of size 1 in float32: the two sum in other orders


def save(folder: Path, tokenizer: Path, *, max_shard_size: str = "1GB", **changes: Any) -> torch.Tensor:
    """A random model of theirs, and its logits of TOKENS."""
    settings = {
        "vocab_size": factories.VOCAB_SIZE, "hidden_size": 64, "intermediate_size": 136, "num_hidden_layers": 2,
        "num_attention_heads": 8, "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "initializer_range": 0.2,
    }  # fmt: skip
    torch.manual_seed(5)
    saved = LlamaForCausalLM(LlamaConfig(**(settings | changes))).bfloat16()
    saved.save_pretrained(folder, max_shard_size=max_shard_size)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    (folder / "tokenizer.model").write_bytes(tokenizer.read_bytes())
    with torch.inference_mode():
        logits: torch.Tensor = model(torch.tensor([TOKENS])).logits[0]
    assert logits.std() > 0.3, "equal rows would prove nothing"
    return logits


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("size", ["1GB", "100KB"])
@pytest.mark.parametrize(
    "changes", [{}, {"num_key_value_heads": 2}, {"rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}}]
)
def test_the_logits_are_those_of_transformers(
    tmp_path: Path, tokenizer_file: Path, tied: bool, size: str, changes: dict[str, Any]
) -> None:
    folder = tmp_path / "m"
    expected = save(folder, tokenizer_file, tie_word_embeddings=tied, max_shard_size=size, **changes)
    assert (folder / "model.safetensors.index.json").exists() == (size == "100KB")
    actual = factories.logits_of(folder, TOKENS)
    assert (actual - expected).abs().max() < TOLERANCE * expected.abs().max()


@pytest.mark.parametrize("count", [1, 2])
def test_a_tied_output_is_the_memory_of_the_embeddings(tmp_path: Path, tokenizer_file: Path, count: int) -> None:
    save(tmp_path / "m", tokenizer_file, tie_word_embeddings=True)
    config = read_model_config(tmp_path / "m", tokenizer_vocab_size=factories.VOCAB_SIZE)
    outputs = []
    for rank in range(count):
        part = load_parameters(
            tmp_path / "m", config, device=torch.device("cpu"), dtype=torch.float32, part=Part(rank, count)
        )
        output, embeddings = part["output.weight"], part["tok_embeddings.weight"]
        assert output.untyped_storage().data_ptr() == embeddings.untyped_storage().data_ptr()
        outputs.append(output)
    assert torch.equal(torch.cat(outputs), embeddings)


def test_a_tied_output_that_is_stored_nevertheless_must_be_the_embeddings(tmp_path: Path, tokenizer_file: Path) -> None:
    folder = tmp_path / "m"
    expected = save(folder, tokenizer_file, tie_word_embeddings=True)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    output = tensors["model.embed_tokens.weight"].clone()
    save_file(tensors | {"lm_head.weight": output}, file)
    assert (factories.logits_of(folder, TOKENS) - expected).abs().max() < TOLERANCE * expected.abs().max()
    output[7, 7] += 1
    save_file(tensors | {"lm_head.weight": output}, file)
    error = refusal(folder)
    assert (error.file.name, error.tensor) == ("config.json", "lm_head.weight")


def test_an_output_is_not_the_embeddings_unless_the_configuration_says_so(tmp_path: Path, tokenizer_file: Path) -> None:
    folder = tmp_path / "m"
    save(folder, tokenizer_file, tie_word_embeddings=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    error = refusal(folder)
    assert (error.file.name, error.tensor, error.reason) == ("model.safetensors", "lm_head.weight", "is missing")


@pytest.mark.parametrize(
    "changes",
    [
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"head_dim": 16},
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}},
    ],
)
def test_what_transformers_can_and_this_engine_cannot_is_refused(
    tmp_path: Path, tokenizer_file: Path, changes: dict[str, Any]
) -> None:
    save(tmp_path / "m", tokenizer_file, **changes)
    error = refusal(tmp_path / "m")
    assert error.file.name == "config.json"
    assert next(iter(changes)) in error.reason
