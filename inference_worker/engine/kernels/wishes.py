"""How each row of logits is to be drawn from, as tensors; and the random number for it."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import torch
from torch import Tensor

from ..sequence import Sequence


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the position of the token it is drawn for.

    Counter-based: a hash of both, so that neighbours, order and restarts cannot change it. 48 bits, so that
    the product with a sum of probabilities stays below that sum.
    """
    digest = hashlib.blake2b(struct.pack("<qQ", seed, position), digest_size=6).digest()
    return int.from_bytes(digest, "little") / 2**48


LOWEST = torch.finfo(torch.float32).tiny  # a temperature below it is as good as this one, and not 0


@dataclass(frozen=True)
class Wishes:
    """Each [rows]. `top_ks` of the whole vocabulary and `top_ps` of 1 leave every token in."""

    temperatures: Tensor  # f32, above 0
    top_ps: Tensor  # f32
    top_ks: Tensor  # i64
    randoms: Tensor  # f64, in [0, 1)

    @classmethod
    def of(cls, sequences: list[Sequence], logits: Tensor) -> Wishes:
        """Of these sequences, on the device of the logits [rows, vocab]."""

        def tensor(values: list[float] | list[int], dtype: torch.dtype) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=logits.device)

        options, vocabulary = [sequence.request.options for sequence in sequences], logits.shape[-1]
        return cls(
            temperatures=tensor([option.temperature for option in options], torch.float32).clamp(min=LOWEST),
            top_ps=tensor([option.top_p for option in options], torch.float32),
            top_ks=tensor([min(option.top_k or vocabulary, vocabulary) for option in options], torch.int64),
            randoms=tensor([uniform(sequence.seed, len(sequence.tokens)) for sequence in sequences], torch.float64),
        )
