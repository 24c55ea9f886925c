"""Tiny seeded models in each layout, a tiny tokenizer, and short ways to ask an engine."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece
import torch
from safetensors.torch import save_file

from inference_worker.engine.batch import Batch
from inference_worker.engine.checkpoint.folder import read_model_config, tokenizer_file
from inference_worker.engine.checkpoint.loading import load_model
from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import CheckpointError
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
HUGGING_FACE = {
    "tok_embeddings": "model.embed_tokens", "norm": "model.norm", "output": "lm_head",
    "attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "wq": "self_attn.q_proj", "wk": "self_attn.k_proj", "wv": "self_attn.v_proj", "wo": "self_attn.o_proj",
    "w1": "mlp.gate_proj", "w2": "mlp.down_proj", "w3": "mlp.up_proj",
}  # fmt: skip


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


def write_safetensors(folder: Path, tensors: dict[str, torch.Tensor], *, files: int = 1) -> None:
    """One file, or several with an index, the tensors dealt out like cards."""
    if files == 1:
        save_file(tensors, folder / "model.safetensors")
        return
    index = {}
    for number in range(files):
        name = f"model-{number + 1:05d}-of-{files:05d}.safetensors"
        hand = dict(list(tensors.items())[number::files])
        save_file(hand, folder / name)
        index |= dict.fromkeys(hand, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


def write_named(folder: Path, tokenizer: Path, params: Params, weights: dict[str, Array], *, files: int = 1) -> Path:
    """Meta's names in safetensors files."""
    folder.mkdir()
    (folder / "params.json").write_text(json.dumps(params))
    (folder / "tokenizer.model").write_bytes(tokenizer.read_bytes())
    write_safetensors(folder, split_shards(weights, 1)[0], files=files)
    return folder


def write_hugging_face(
    folder: Path, tokenizer: Path, params: Params, weights: dict[str, Array], *, files: int = 1
) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(hugging_face_config(params, weights)))
    (folder / "tokenizer.model").write_bytes(tokenizer.read_bytes())
    tensors = {
        hugging_face_name(name): torch.from_numpy(in_halves(name, weight, params).astype(np.float32))
        for name, weight in weights.items()
    }
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)
    write_safetensors(folder, tensors, files=files)
    return folder


def hugging_face_config(params: Params, weights: dict[str, Array]) -> dict[str, Any]:
    """As transformers 5 writes it, as far as it matters."""
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": False, "use_cache": True,
        "hidden_size": params["dim"], "num_hidden_layers": params["n_layers"], "vocab_size": VOCAB_SIZE,
        "num_attention_heads": params["n_heads"], "head_dim": params["dim"] // params["n_heads"],
        "num_key_value_heads": params.get("n_kv_heads", params["n_heads"]),
        "intermediate_size": len(weights["layers.0.feed_forward.w1.weight"]),
        "rms_norm_eps": params["norm_eps"], "max_position_embeddings": params["max_seq_len"],
        "rope_parameters": {"rope_theta": params.get("rope_theta", 10000.0), "rope_type": "default"},
    }  # fmt: skip


def hugging_face_name(name: str) -> str:
    *layer, kind, _ = [part for part in name.split(".") if part not in ("attention", "feed_forward")]
    return ".".join(["model" if layer else "", *layer, HUGGING_FACE[kind], "weight"]).lstrip(".")


def in_halves(name: str, weight: Array, params: Params) -> Array:
    """Row h d + s d/2 + i there is row h d + 2 i + s of Meta's, in queries and keys."""
    if name.split(".")[-2] not in ("wq", "wk"):
        return weight
    d = params["dim"] // params["n_heads"]
    rows = [h * d + 2 * i + s for h in range(len(weight) // d) for s in range(2) for i in range(d // 2)]
    return weight[rows]


def refusal(folder: Path) -> CheckpointError:
    """What Engine.load says, which names the file."""
    with pytest.raises(CheckpointError) as caught:
        Engine.load(folder, EngineConfig(max_batch_size=1))
    assert caught.value.code == "checkpoint_invalid"
    assert str(caught.value.file) in str(caught.value)
    return caught.value


def logits_of(folder: Path, tokens: list[int], cuts: tuple[int, ...] = ()) -> torch.Tensor:
    """[tokens, vocab] in f32 by the model itself; computed in one step, or in several that end at `cuts`."""
    tokenizer = Tokenizer.load(tokenizer_file(folder))
    config = read_model_config(folder, tokenizer_vocab_size=tokenizer.vocab_size)
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
