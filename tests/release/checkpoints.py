"""Tiny checkpoints in Meta's layout, sound ones and ones to be refused."""

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import sentencepiece
import torch

# Matches make_variant(vocab_size=VOCAB, parameters=PARAMETERS) of tests/factories.py.
PARAMS = {"dim": 64, "n_layers": 2, "n_heads": 4, "multiple_of": 32, "norm_eps": 1e-5, "vocab_size": -1}
FFN, VOCAB, PARAMETERS = 192, 300, 145_216


@lru_cache(maxsize=1)
def tokenizer_bytes() -> bytes:
    model = io.BytesIO()
    text = ["the quick brown fox jumps over the lazy dog"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_writer=model, vocab_size=VOCAB, model_type="bpe", byte_fallback=True,
        hard_vocab_limit=False, character_coverage=1.0, minloglevel=2,
    )  # fmt: skip
    return model.getvalue()


def tensors(shards: int = 1) -> dict[str, torch.Tensor]:
    """One shard of a whole model of zeros and ones."""
    vocab, dim, cut = VOCAB, 64, shards
    layer = {
        "attention_norm": (dim,), "ffn_norm": (dim,), "attention.wq": (dim // cut, dim),
        "attention.wk": (dim // cut, dim), "attention.wv": (dim // cut, dim), "attention.wo": (dim, dim // cut),
        "feed_forward.w1": (FFN // cut, dim), "feed_forward.w2": (dim, FFN // cut),
        "feed_forward.w3": (FFN // cut, dim),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {
        "tok_embeddings": (vocab, dim // cut), "norm": (dim,), "output": (vocab // cut, dim)
    }  # fmt: skip
    shapes |= {f"layers.{n}.{name}": shape for n in range(2) for name, shape in layer.items()}
    return {f"{name}.weight": torch.ones(shape, dtype=torch.float16) for name, shape in shapes.items()}


def write(folder: Path, *shards: Any, params: dict[str, Any] | None = None) -> Path:
    """A folder with these shards (anything that torch can save), or one sound shard."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.json").write_text(json.dumps(params or PARAMS))
    (folder / "tokenizer.model").write_bytes(tokenizer_bytes())
    for rank, shard in enumerate(shards or [tensors()]):
        torch.save(shard, folder / f"consolidated.{rank:02d}.pth")
    write_sums(folder)
    return folder


def write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.name != "checklist.chk")
    sums = [f"{hashlib.md5(f.read_bytes(), usedforsecurity=False).hexdigest()}  {f.name}\n" for f in files]
    (folder / "checklist.chk").write_text("".join(sums))
