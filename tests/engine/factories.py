"""Tiny seeded models in Meta's layout, a tiny tokenizer, and short ways to ask an engine."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch

from inference_worker.engine.batch import Batch
from inference_worker.engine.checkpoint.loading import load_model
from inference_worker.engine.config import ModelConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.kv_cache import KVCache
from inference_worker.engine.scheduler import Span
from inference_worker.engine.sequence import Completion, Request, SamplingOptions, Sequence
from inference_worker.engine.tokenizer import Tokenizer

from .reference import Array, Params

SENTENCES = [
    "It was the best of times, it was the worst of times.",
    "Call me Ishmael. Some years ago, never mind how long precisely, I went to sea.",
    "Alice was beginning to get very tired of sitting by her sister on the bank.",
    "The quick brown fox jumps over the lazy dog, and the dog sleeps on.",
    "In the beginning there was nothing to read; then there were 10 books, and 234567 89 more!",
]
VOCAB_SIZE = 320
ATTENTION = ("wq", "wk", "wv", "wo")
CUT_BY_ROWS = ("wq", "wk", "wv", "w1", "w3", "output")
CUT_BY_COLUMNS = ("wo", "w2", "tok_embeddings")


def train_tokenizer(path: Path) -> None:
    """SentencePiece BPE as LLaMA's: byte fallback, single digits, text taken as it is, nothing stripped."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 10),
        model_writer=model,
        model_type="bpe",
        vocab_size=VOCAB_SIZE,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    path.write_bytes(model.getvalue())


def tiny_params(**changes: Any) -> Params:
    """A `params.json` of LLaMA 1: no n_kv_heads, no rope_theta, vocabulary from the tokenizer."""
    params = {
        "dim": 48,
        "n_layers": 2,
        "n_heads": 4,
        "multiple_of": 16,
        "norm_eps": 1e-6,
        "vocab_size": -1,
        "max_seq_len": 64,
    }
    return params | changes


def random_weights(params: Params, seed: int) -> dict[str, Array]:
    """Weights [outputs, inputs] by checkpoint name, large enough for distributions far from flat."""
    random = np.random.default_rng(seed)
    dim, head_dim = params["dim"], params["dim"] // params["n_heads"]
    kv_dim = params.get("n_kv_heads", params["n_heads"]) * head_dim
    hidden = int(int(2 * 4 * dim / 3) * params.get("ffn_dim_multiplier", 1))
    hidden = -(-hidden // params["multiple_of"]) * params["multiple_of"]
    shapes: dict[str, tuple[int, ...]] = {"tok_embeddings.weight": (VOCAB_SIZE, dim)}
    for n in range(params["n_layers"]):
        for name, outputs in zip(ATTENTION, (dim, kv_dim, kv_dim, dim), strict=True):
            shapes[f"layers.{n}.attention.{name}.weight"] = (outputs, dim)
        shapes[f"layers.{n}.feed_forward.w1.weight"] = (hidden, dim)
        shapes[f"layers.{n}.feed_forward.w2.weight"] = (dim, hidden)
        shapes[f"layers.{n}.feed_forward.w3.weight"] = (hidden, dim)
        shapes[f"layers.{n}.attention_norm.weight"] = (dim,)
        shapes[f"layers.{n}.ffn_norm.weight"] = (dim,)
    shapes |= {"norm.weight": (dim,), "output.weight": (VOCAB_SIZE, dim)}
    # Rounded to f32 here, so that reference and checkpoint hold the same numbers.
    exact = {name: _random(random, shape).astype(np.float32) for name, shape in shapes.items()}
    return {name: weight.astype(np.float64) for name, weight in exact.items()}


def _random(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if len(shape) == 1:
        return random.uniform(0.5, 1.5, shape)
    return random.normal(0, 2 / np.sqrt(shape[1]), shape)


def split_shards(weights: dict[str, Array], count: int) -> list[dict[str, torch.Tensor]]:
    """As model parallelism leaves them: cut by rows or by columns, norms in every shard."""
    shards: list[dict[str, torch.Tensor]] = [{} for _ in range(count)]
    for name, weight in weights.items():
        layer = name.split(".")[-2]
        axis = 0 if layer in CUT_BY_ROWS else 1
        is_cut = layer in CUT_BY_ROWS or layer in CUT_BY_COLUMNS
        parts = np.split(weight, count, axis) if is_cut else [weight] * count
        for shard, part in zip(shards, parts, strict=True):
            shard[name] = torch.from_numpy(part.astype(np.float32))
    for shard in shards:
        shard["rope.freqs"] = torch.ones(4)
    return shards


def write_checkpoint(
    folder: Path, tokenizer: Path, params: Params, weights: dict[str, Array], *, shards: int = 1
) -> Path:
    folder.mkdir()
    (folder / "params.json").write_text(json.dumps(params))
    (folder / "tokenizer.model").write_bytes(tokenizer.read_bytes())
    for rank, shard in enumerate(split_shards(weights, shards)):
        torch.save(shard, folder / f"consolidated.{rank:02d}.pth")
    lines = [
        f"{hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()}  {file.name}\n"
        for file in sorted(folder.iterdir())
    ]
    (folder / "checklist.chk").write_text("".join(lines))
    return folder


def logits_of(folder: Path, tokens: list[int], cuts: tuple[int, ...] = ()) -> torch.Tensor:
    """[tokens, vocab] in f32 by the model itself; computed in one step, or in several that end at `cuts`."""
    tokenizer = Tokenizer.load(folder / "tokenizer.model")
    config = ModelConfig.from_params(folder / "params.json", tokenizer_vocab_size=tokenizer.vocab_size)
    device = torch.device("cpu")
    model = load_model(folder, config, device=device, dtype=torch.float32)
    cache = KVCache(config, pages=9, device=device, dtype=torch.float32)
    sequence = Sequence(0, Request(tuple(tokens), SamplingOptions()), tokenizer)
    sequence.pages = [7, 2, 8, 0, 5]
    rows = []
    with torch.inference_mode():
        for start, stop in itertools.pairwise((0, *cuts, len(tokens))):
            hidden = model.forward(Batch.of([Span(sequence, start, stop - start)], device), cache)
            rows.append(model.logits(hidden))
    return torch.cat(rows)


def request(engine: Engine, prompt: str | list[int], **options: Any) -> Request:
    """Greedy unless told otherwise; text is encoded with its hidden BOS, ids are taken as they are."""
    sampling = SamplingOptions(**{"temperature": 0.0, **options})
    if isinstance(prompt, str):
        return Request(tuple(engine.tokenizer.encode(prompt)), sampling, prompt_text=prompt)
    return Request(tuple(prompt), sampling)


def run(engine: Engine, prompt: str | list[int], **options: Any) -> Completion:
    [completion] = engine.generate([request(engine, prompt, **options)])
    assert completion is not None
    return completion
