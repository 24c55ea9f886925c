"""The next token of each sequence: from logits, sampling options and random numbers of the sequence's own."""

from __future__ import annotations

import hashlib
import struct

import torch
from torch import Tensor

from inference_worker.engine.sequence import Sequence


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the position of the token it is drawn for.

    Counter-based: a hash of both, so that neighbours, order and restarts cannot change it. 48 bits, so that
    the product with a sum of probabilities stays below that sum.
    """
    digest = hashlib.blake2b(struct.pack("<qQ", seed, position), digest_size=6).digest()
    return int.from_bytes(digest, "little") / 2**48


def sample(logits: Tensor, sequences: list[Sequence]) -> list[int]:
    """One token id for each row of logits [sequences, vocab] f32."""
    logits = _with_changes(logits, sequences)
    chosen = logits.argmax(-1)  # the first, so the lowest id, of equal ones
    warm = [row for row, sequence in enumerate(sequences) if sequence.request.options.temperature > 0]
    if warm:
        chosen[warm] = _draw(logits[warm], [sequences[row] for row in warm])
    ids: list[int] = chosen.tolist()
    return ids


def _with_changes(logits: Tensor, sequences: list[Sequence]) -> Tensor:
    changes = {row: sequence.logit_changes() for row, sequence in enumerate(sequences)}
    if not any(changes.values()):
        return logits
    logits = logits.clone()
    for row, change in changes.items():
        if change:
            logits[row, list(change)] += torch.tensor(list(change.values()), device=logits.device)
    return logits


def _draw(logits: Tensor, sequences: list[Sequence]) -> Tensor:
    """Sample each row by inverting its cumulative distribution, in f64 and in the order of the ids."""
    options = [sequence.request.options for sequence in sequences]
    temperatures = _column([option.temperature for option in options], logits)
    # The largest logit is taken away first, so that a tiny temperature gives zero and -inf, never inf - inf.
    scaled = (logits.double() - logits.double().amax(-1, keepdim=True)) / temperatures
    weights = scaled.softmax(-1)
    narrow = [row for row, option in enumerate(options) if option.top_p < 1 or option.top_k is not None]
    if narrow:
        vocab_size = logits.shape[-1]
        top_k = _column([options[row].top_k or vocab_size for row in narrow], logits)
        top_p = _column([options[row].top_p for row in narrow], logits)
        weights[narrow] *= _likeliest(weights[narrow], top_k, top_p)
    randoms = _column([uniform(sequence.seed, len(sequence.tokens)) for sequence in sequences], logits)
    cumulative = weights.cumsum(-1)
    return torch.searchsorted(cumulative, randoms * cumulative[:, -1:], right=True).squeeze(-1)


def _likeliest(weights: Tensor, top_k: Tensor, top_p: Tensor) -> Tensor:
    """Mask of the top_k likeliest and, of those, the fewest whose share reaches top_p (Holtzman et al. 2020).

    weights [rows, vocab], top_k and top_p [rows, 1]; ties go to the lowest id; at least one token stays.
    """
    order = weights.sort(dim=-1, descending=True, stable=True)
    ranks = torch.arange(weights.shape[-1], device=weights.device)
    ranked = order.values * (ranks < top_k)
    cumulative = ranked.cumsum(-1)
    before = cumulative - ranked
    keep = (ranks < top_k) & ((before < top_p * cumulative[:, -1:]) | (ranks == 0))
    return torch.zeros_like(keep).scatter(-1, order.indices, keep)


def _column(values: list[float] | list[int], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device=like.device).unsqueeze(-1)
