"""Hugging Face's `config.json` of a LlamaForCausalLM; no torch here, so that a web process can read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..config import MAX_PARAMS_BYTES, ModelConfig
from ..errors import CheckpointError, ConfigError
from ..json_file import read_object

# What another value of these would make is no LLaMA; the second is what transformers takes for none.
FIXED: dict[str, tuple[Any, Any]] = {
    "model_type": ("llama", None),
    "architectures": (["LlamaForCausalLM"], ["LlamaForCausalLM"]),
    "hidden_act": ("silu", "silu"),
    "attention_bias": (False, False),
    "mlp_bias": (False, False),
    "rope_scaling": (None, None),
    "quantization_config": (None, None),
}
USUAL_ROPE = {"rope_type": "default", "type": "default", "rope_theta": None}

# Our names and those of config.json.
WORDS = {
    "dim": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
    "norm_eps": "rms_norm_eps",
    "vocab_size": "vocab_size",
    "context_tokens": "max_position_embeddings",
    "intermediate_size": "intermediate_size",
}


def model_config(path: Path, *, tokenizer_vocab_size: int) -> ModelConfig:
    """The architecture; raises CheckpointError for what is no LLaMA, or has a vocabulary unlike the tokenizer's."""
    found = _read(path)
    values: dict[str, Any] = {"n_kv_heads": found.get("num_attention_heads"), "norm_eps": 1e-6, "intermediate_size": 0}
    values |= {ours: found[word] for ours, word in WORDS.items() if found.get(word) is not None}
    try:
        config = ModelConfig(multiple_of=1, rope_theta=_rope_theta(path, found), **values)
    except (ConfigError, TypeError) as error:
        reason = str(error).replace("ModelConfig.__init__()", "it is")
        raise CheckpointError(path, re.sub(r"\w+", lambda word: WORDS.get(word[0], word[0]), reason)) from None
    if found.get("head_dim") not in (None, config.head_dim):
        raise CheckpointError(path, "has a head_dim that is not hidden_size / num_attention_heads")
    if config.vocab_size != tokenizer_vocab_size:
        raise CheckpointError(
            path, f"vocab_size is {config.vocab_size}, but the tokenizer has {tokenizer_vocab_size} pieces"
        )
    return config


def is_tied(path: Path) -> bool:
    """Are the embeddings the output as well? Raises CheckpointError."""
    tied = _read(path).get("tie_word_embeddings", False)
    if type(tied) is not bool:
        raise CheckpointError(path, "tie_word_embeddings must be true or false")
    return tied


def _read(path: Path) -> dict[str, Any]:
    found = read_object(path, max_bytes=MAX_PARAMS_BYTES)
    for name, (needed, default) in FIXED.items():
        value = default if found.get(name) is None else found[name]
        if value != needed:
            raise CheckpointError(path, f"has {name} {str(value)[:60]!r}, which is no LLaMA that this engine computes")
    return found


def _rope_theta(path: Path, config: dict[str, Any]) -> Any:
    """At the top as transformers 4 writes it, or in `rope_parameters` as transformers 5 does."""
    rope = config.get("rope_parameters")
    rope = {} if rope is None else rope
    if not isinstance(rope, dict) or {**USUAL_ROPE, **rope, "rope_theta": None} != USUAL_ROPE:
        raise CheckpointError(path, "has rope_parameters of another rotary embedding than LLaMA's")
    given = [place["rope_theta"] for place in (config, rope) if place.get("rope_theta") is not None]
    if any(theta != given[0] for theta in given):
        raise CheckpointError(path, "has rope_theta twice, and not the same")
    return given[0] if given else 10_000.0
