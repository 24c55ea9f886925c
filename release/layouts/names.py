"""What each layout calls the tensors of a LLaMA, and how model parallelism cuts them."""

from __future__ import annotations

TOKENIZER_MODEL, TOKENIZER_JSON = "tokenizer.model", "tokenizer.json"
PARAMS, CHECKLIST = "params.json", "checklist.chk"
CONFIG, INDEX, ONE_FILE = "config.json", "model.safetensors.index.json", "model.safetensors"
GENERATION_CONFIG, TOKENIZER_CONFIG = "generation_config.json", "tokenizer_config.json"

EMBEDDINGS, OUTPUT = "tok_embeddings.weight", "output.weight"
HF_OUTPUT = "lm_head.weight"

# Both layouts' names say them again for each layer or once for all; they follow from the configuration.
META_FREQUENCIES = "rope.freqs"
HF_FREQUENCIES = "rotary_emb.inv_freq"

# The axis along which model parallelism cuts a weight [outputs, inputs]; norms are whole in every shard.
CUT_AXIS = {
    "tok_embeddings": 1, "output": 0, "wq": 0, "wk": 0, "wv": 0, "wo": 1, "w1": 0, "w2": 1, "w3": 0,
}  # fmt: skip
SHARD_COUNTS = (1, 2, 4, 8)

_WHOLE = {
    EMBEDDINGS: "model.embed_tokens.weight",
    "norm.weight": "model.norm.weight",
    OUTPUT: HF_OUTPUT,
}
_IN_LAYER = {
    "attention_norm": "input_layernorm",
    "attention.wq": "self_attn.q_proj",
    "attention.wk": "self_attn.k_proj",
    "attention.wv": "self_attn.v_proj",
    "attention.wo": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "feed_forward.w1": "mlp.gate_proj",
    "feed_forward.w2": "mlp.down_proj",
    "feed_forward.w3": "mlp.up_proj",
}
ROTATED = ("wq", "wk")


def hf_name(meta_name: str) -> str:
    """What Hugging Face calls the tensor that Meta calls `layers.3.attention.wq.weight`."""
    if meta_name in _WHOLE:
        return _WHOLE[meta_name]
    _layers, number, rest = meta_name.split(".", 2)
    return f"model.layers.{number}.{_IN_LAYER[rest.removesuffix('.weight')]}.weight"


def cut_axis(meta_name: str) -> int | None:
    return CUT_AXIS.get(meta_name.split(".")[-2])


def is_rotated(meta_name: str) -> bool:
    """Does rotary embedding act on what this tensor gives?"""
    return meta_name.split(".")[-2] in ROTATED


def shard_name(rank: int) -> str:
    return f"consolidated.{rank:02d}.pth"
