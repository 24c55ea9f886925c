"""A LLaMA of random weights in every form that an engine reads: Meta's layout, Hugging Face's, and GGUF."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import sentencepiece
import torch

from inference_worker.engine.config import ModelConfig
from inference_worker.engine.model import parameter_shapes
from release.layouts.converting import to_hf

VOCABULARY = 32_000
SHAPES: dict[str, dict[str, Any]] = {
    "15M": {"dim": 288, "n_layers": 6, "n_heads": 6, "multiple_of": 32},
    "135M": {"dim": 768, "n_layers": 12, "n_heads": 12, "multiple_of": 256},
}
CONTEXT = 2048


def make(shape: str, folder: Path, dtype: torch.dtype) -> ModelConfig:
    """Write both layouts into `folder`."""
    (folder / "tokenizer.model").write_bytes(_tokenizer())
    params = {**SHAPES[shape], "norm_eps": 1e-5, "vocab_size": -1, "max_seq_len": CONTEXT}
    (folder / "params.json").write_text(json.dumps(params))
    config = ModelConfig.from_params(folder / "params.json", tokenizer_vocab_size=VOCABULARY)
    torch.save(_weights(config, dtype), folder / "consolidated.00.pth")
    to_hf(folder, folder, context_tokens=CONTEXT)
    return config


def _weights(config: ModelConfig, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    chance = torch.Generator().manual_seed(1)
    return {
        name: torch.ones(shape, dtype=dtype)
        if len(shape) == 1
        else (torch.randn(shape, generator=chance) * 0.05).to(dtype)
        for name, shape in parameter_shapes(config).items()
    }


def _tokenizer() -> bytes:
    """As many pieces as LLaMA's, learnt from words of made-up syllables."""
    dice = random.Random(1)
    syllables = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]
    words = ["".join(dice.choices(syllables, k=dice.randint(1, 5))) for _ in range(60_000)]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(" ".join(dice.choices(words, k=12)) for _ in range(20_000)), model_writer=model,
        model_type="bpe", vocab_size=VOCABULARY, byte_fallback=True, split_digits=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, minloglevel=2,
    )  # fmt: skip
    return model.getvalue()
