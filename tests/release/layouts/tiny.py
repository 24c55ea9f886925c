"""Tiny random LLaMAs, written with torch and transformers: the other side, against which our own code is held."""

import io
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import sentencepiece
import torch

VOCAB = 296  # which 8 shards can share
PARAMS: dict[str, Any] = {
    "dim": 64, "n_layers": 2, "n_heads": 8, "n_kv_heads": 8, "multiple_of": 32, "norm_eps": 1e-5, "vocab_size": -1
}  # fmt: skip
CUT = {"tok_embeddings": 1, "output": 0, "wq": 0, "wk": 0, "wv": 0, "wo": 1, "w1": 0, "w2": 1, "w3": 0}


@lru_cache(maxsize=1)
def tokenizer_bytes() -> bytes:
    """Set up as LLaMA's: byte fallback, spaces kept, no normalization."""
    model = io.BytesIO()
    text = ["the quick brown fox jumps over the lazy dog, and then the other dogs"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_writer=model, vocab_size=VOCAB, model_type="bpe", byte_fallback=True,
        split_digits=True, normalization_rule_name="identity", remove_extra_whitespaces=False, minloglevel=2,
    )  # fmt: skip
    return model.getvalue()


def ffn_hidden(params: Mapping[str, Any]) -> int:
    width, multiple = int(8 * params["dim"] / 3), int(params["multiple_of"])
    if "ffn_dim_multiplier" in params:
        width = int(params["ffn_dim_multiplier"] * width)
    return -(-width // multiple) * multiple


def random_weights(params: Mapping[str, Any], dtype: torch.dtype, seed: int = 0) -> dict[str, torch.Tensor]:
    """A whole model by Meta's names."""
    dim, ffn = params["dim"], ffn_hidden(params)
    keys = dim // params["n_heads"] * params["n_kv_heads"]
    layer = {
        "attention_norm": (dim,), "ffn_norm": (dim,), "attention.wq": (dim, dim), "attention.wk": (keys, dim),
        "attention.wv": (keys, dim), "attention.wo": (dim, dim), "feed_forward.w1": (ffn, dim),
        "feed_forward.w2": (dim, ffn), "feed_forward.w3": (ffn, dim),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {"tok_embeddings": (VOCAB, dim), "norm": (dim,), "output": (VOCAB, dim)}
    shapes |= {f"layers.{n}.{name}": shape for n in range(params["n_layers"]) for name, shape in layer.items()}
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{name}.weight": (torch.randn(shape, generator=generator) / dim**0.5 + (len(shape) == 1)).to(dtype)
        for name, shape in shapes.items()
    }


def write_meta(
    folder: Path, weights: Mapping[str, torch.Tensor], params: Mapping[str, Any] = PARAMS, shards: int = 1
) -> Path:
    """Meta's layout as torch writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.json").write_text(json.dumps(params))
    (folder / "tokenizer.model").write_bytes(tokenizer_bytes())
    for rank in range(shards):
        part = {name: _part(name, tensor, rank, shards) for name, tensor in weights.items()}
        torch.save(part, folder / f"consolidated.{rank:02d}.pth")
    return folder


def read_meta(folder: Path) -> dict[str, torch.Tensor]:
    """The whole model as torch reads it."""
    shards = [torch.load(path, weights_only=True) for path in sorted(folder.glob("consolidated.*.pth"))]
    return {
        name: tensor if _axis(name) is None else torch.cat([shard[name] for shard in shards], _axis(name))
        for name, tensor in shards[0].items()
    }


def same_bits(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and torch.equal(one[name].contiguous().view(torch.uint8), other[name].contiguous().view(torch.uint8))
        for name in one
    )


def _axis(name: str) -> Any:
    return CUT.get(name.split(".")[-2])


def _part(name: str, tensor: torch.Tensor, rank: int, shards: int) -> torch.Tensor:
    axis = _axis(name)
    return tensor if axis is None else tensor.chunk(shards, axis)[rank].clone(memory_format=torch.contiguous_format)
