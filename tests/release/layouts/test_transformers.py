"""transformers and our own engine compute the same from the two layouts of one model."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from release.checking.folder import check
from release.client.manifest import Layout
from release.layouts.converting import to_hf, to_meta
from tests.engine.factories import logits_of
from tests.release.layouts import tiny

TOKENS = [1, 40, 260, 261, 7, 7, 290, 100, 45, 280, 266, 3]
TOLERANCE = 2e-5  # of logits of size 1 in float32: the two sum in other orders


def transformers_logits(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    with torch.inference_mode():
        logits: torch.Tensor = model(torch.tensor([TOKENS])).logits[0]
        return logits


@pytest.mark.parametrize(
    ("shards", "changes"),
    [
        (1, {}),
        (4, {"n_kv_heads": 4, "rope_theta": 500.0}),
        (2, {"n_kv_heads": 2, "ffn_dim_multiplier": 1.3, "norm_eps": 1e-2}),
    ],
)
def test_the_converted_model_gives_the_engines_logits(tmp_path: Path, shards: int, changes: dict[str, Any]) -> None:
    params = {**tiny.PARAMS, **changes}
    folder = tiny.write_meta(tmp_path, tiny.random_weights(params, torch.bfloat16), params, shards)
    to_hf(folder, folder)
    expected = logits_of(folder, TOKENS)
    assert expected.std() > 0.3, "equal rows would prove nothing"
    assert (transformers_logits(folder) - expected).abs().max() < TOLERANCE


@pytest.mark.parametrize("tied", [False, True])
def test_a_model_of_transformers_gives_its_logits_in_the_engine(tmp_path: Path, tied: bool) -> None:
    config = LlamaConfig(
        vocab_size=tiny.VOCAB, hidden_size=64, intermediate_size=136, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=4, rms_norm_eps=1e-5, max_position_embeddings=64, tie_word_embeddings=tied,
    )  # fmt: skip
    torch.manual_seed(5)
    LlamaForCausalLM(config).bfloat16().save_pretrained(tmp_path / "hf")
    (tmp_path / "hf" / "tokenizer.model").write_bytes(tiny.tokenizer_bytes())
    found = check(tmp_path / "hf")
    assert (found.layouts, found.dtype) == (frozenset({Layout.HF}), "bfloat16")
    assert found.dimensions["ffn_hidden"] == 136
    assert found.dimensions["parameters"] == LlamaForCausalLM(config).num_parameters()
    to_meta(tmp_path / "hf", tmp_path / "meta", shards=4)
    assert (transformers_logits(tmp_path / "hf") - logits_of(tmp_path / "meta", TOKENS)).abs().max() < TOLERANCE


def test_transformers_finds_the_number_type_and_the_tokens_that_begin_and_end(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path, tiny.random_weights(tiny.PARAMS, torch.bfloat16))
    to_hf(folder, folder, context_tokens=128)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    assert (model.dtype, model.config.max_position_embeddings) == (torch.bfloat16, 128)
    assert (model.generation_config.bos_token_id, model.generation_config.eos_token_id) == (1, 2)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert (len(tokenizer), tokenizer.bos_token_id, tokenizer.eos_token_id) == (tiny.VOCAB, 1, 2)
    assert (tokenizer.bos_token, tokenizer.unk_token, tokenizer.model_max_length) == ("<s>", "<unk>", 128)
