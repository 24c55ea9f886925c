"""Hugging Face's weights of a LlamaForCausalLM: other names, and the rows of queries and keys in another order.

Rotary embedding turns pairs of a head's dimensions: Meta's code neighbours (2i, 2i + 1), Hugging Face's the halves
(i, i + d / 2), and each stores the rows so that its own pairs meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import Tensor

from . import by_name
from .part import kind
from .piece import Piece

OUTPUT = "lm_head.weight"
NAMES = {"tok_embeddings": "model.embed_tokens", "norm": "model.norm", "output": "lm_head"}
NAMES_IN_LAYER = {
    "wq": "self_attn.q_proj",
    "wk": "self_attn.k_proj",
    "wv": "self_attn.v_proj",
    "wo": "self_attn.o_proj",
    "w1": "mlp.gate_proj",
    "w2": "mlp.down_proj",
    "w3": "mlp.up_proj",
    "attention_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
ROTATED = ("wq", "wk")


def pieces(folder: Path, shapes: Mapping[str, tuple[int, ...]], *, head_dim: int, tied: bool) -> Iterator[Piece]:
    """The parameters by Meta's names; if tied, the output only where a file has it nevertheless."""
    names = {name: hugging_face_name(name) for name in shapes}
    arranged = partial(in_neighbours, head_dim=head_dim)
    for piece in by_name.pieces(folder, shapes, names, optional=[OUTPUT] if tied else []):
        yield replace(piece, arranged=arranged) if kind(piece.name) in ROTATED else piece


def hugging_face_name(name: str) -> str:
    """`model.layers.0.self_attn.q_proj.weight` for `layers.0.attention.wq.weight`."""
    if not name.startswith("layers."):
        return f"{NAMES[kind(name)]}.weight"
    return f"model.layers.{name.split('.')[1]}.{NAMES_IN_LAYER[kind(name)]}.weight"


def in_neighbours(rows: Tensor, head_dim: int) -> Tensor:
    """Rows of whole heads, whose pairs are halves, with the two of each pair side by side."""
    return rows.reshape(-1, 2, head_dim // 2, rows.shape[1]).transpose(1, 2).flatten(0, 2)
