"""`config.json` of a LlamaForCausalLM, read and written, and `generation_config.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.layouts.architecture import USUAL_CONTEXT, Architecture, count, number, require_heads
from release.layouts.errors import Unloadable
from release.layouts.jsonfiles import encode, read_object
from release.layouts.names import CONFIG
from release.layouts.tensors import DType

BOS, EOS = 1, 2  # of every LLaMA; what a configuration without them means

# What another value of these would make is no longer a LLaMA as Meta's layout can describe it.
FIXED = {
    "model_type": ("llama", None),
    "hidden_act": ("silu", "silu"),
    "attention_bias": (False, False),
    "mlp_bias": (False, False),
    "rope_scaling": (None, None),
    "quantization_config": (None, None),
    # Would have the loader run code from elsewhere, or read other files than those that were checked.
    "auto_map": (None, None),
    "custom_pipelines": (None, None),
    "attn_implementation": (None, None),
    "_attn_implementation": (None, None),
    "transformers_weights": (None, None),
}


@dataclass(frozen=True)
class HfConfig:
    """`tied`: the output is the embeddings' tensor and not stored again."""

    architecture: Architecture
    tied: bool


def read_config(folder: Path) -> HfConfig:
    """The file's architecture; raises Unloadable for what is no LLaMA or asks for more than a LLaMA needs."""
    config = read_object(folder, CONFIG)
    _require_llama(config)
    dim, heads = count(CONFIG, config, "hidden_size"), count(CONFIG, config, "num_attention_heads")
    found = Architecture(
        dim=dim,
        n_layers=count(CONFIG, config, "num_hidden_layers"),
        n_heads=heads,
        n_kv_heads=count(CONFIG, config, "num_key_value_heads", default=heads),
        ffn_hidden=count(CONFIG, config, "intermediate_size"),
        vocab_size=count(CONFIG, config, "vocab_size"),
        norm_eps=number(CONFIG, config, "rms_norm_eps", 1.0),
        rope_theta=_rope_theta(config),
        context_tokens=count(CONFIG, config, "max_position_embeddings", default=USUAL_CONTEXT),
    )
    require_heads(CONFIG, found)
    if count(CONFIG, config, "head_dim", default=found.head_dim) != found.head_dim:
        raise Unloadable(CONFIG, "has a head_dim that is not hidden_size / num_attention_heads")
    tied = config.get("tie_word_embeddings", False)
    if type(tied) is not bool:
        raise Unloadable(CONFIG, "must give tie_word_embeddings as true or false")
    return HfConfig(found, tied)


def config_json(architecture: Architecture, dtype: DType, bos: int, eos: int) -> bytes:
    """The file as transformers 4 and 5 both read it."""
    return encode(
        {
            "architectures": ["LlamaForCausalLM"],
            "attention_bias": False,
            "bos_token_id": bos,
            "eos_token_id": eos,
            "hidden_act": "silu",
            "hidden_size": architecture.dim,
            "initializer_range": 0.02,
            "intermediate_size": architecture.ffn_hidden,
            "max_position_embeddings": architecture.context_tokens or USUAL_CONTEXT,
            "mlp_bias": False,
            "model_type": "llama",
            "num_attention_heads": architecture.n_heads,
            "num_hidden_layers": architecture.n_layers,
            "num_key_value_heads": architecture.n_kv_heads,
            "rms_norm_eps": architecture.norm_eps,
            "rope_theta": architecture.rope_theta,
            "tie_word_embeddings": False,
            "torch_dtype": dtype.torch_name,
            "use_cache": True,
            "vocab_size": architecture.vocab_size,
        }
    )


def generation_config_json(bos: int, eos: int) -> bytes:
    return encode({"_from_model_config": True, "bos_token_id": bos, "eos_token_id": eos})


def _require_llama(config: dict[str, Any]) -> None:
    for name, (required, default) in FIXED.items():
        if config.get(name, default) != required:
            raise Unloadable(CONFIG, f"has {name} {str(config.get(name))[:60]}, which no LLaMA of Meta has")
    if config.get("architectures") not in (None, ["LlamaForCausalLM"]):
        raise Unloadable(CONFIG, f"is for {str(config['architectures'])[:60]} and not for LlamaForCausalLM")


def _rope_theta(config: dict[str, Any]) -> float:
    """At the top as transformers 4 has it, or among `rope_parameters` as transformers 5 writes it."""
    rope = config.get("rope_parameters") or {}
    if not isinstance(rope, dict) or rope.get("rope_type", "default") != "default" or set(rope) - _ROPE_KEYS:
        raise Unloadable(CONFIG, "asks for another rotary embedding than a LLaMA has")
    found = {
        number(CONFIG, place, "rope_theta", 1e9) for place in (config, rope) if place.get("rope_theta") is not None
    }
    if len(found) > 1:
        raise Unloadable(CONFIG, "gives rope_theta twice, and not the same")
    return found.pop() if found else 10_000.0


_ROPE_KEYS = {"rope_theta", "rope_type", "type"}
