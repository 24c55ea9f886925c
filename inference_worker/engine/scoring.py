"""Log-probabilities of given tokens, from the model's raw softmax in f32."""

from __future__ import annotations

import torch
from torch import Tensor

from .sequence import TokenScore

LOWEST_LOGPROB = -9999.0
BEST = 5  # likeliest tokens kept with each score: as many as anybody may ask for


def score(logits: Tensor, token_ids: list[int]) -> list[TokenScore]:
    """One token's score for each row of logits [rows, vocab] f32, with the row's likeliest.

    The chosen token's value and those of the best come from the same softmax, so that equal means equal.
    """
    logprobs = logits.log_softmax(-1).clamp(min=LOWEST_LOGPROB)
    column = torch.tensor(token_ids, device=logits.device).unsqueeze(-1)
    chosen = logprobs.gather(-1, column).squeeze(-1).tolist()
    best = logprobs.topk(min(BEST, logits.shape[-1]), dim=-1)
    rows = zip(chosen, best.indices.tolist(), best.values.tolist(), strict=True)
    return [TokenScore(value, tuple(zip(ids, values, strict=True))) for value, ids, values in rows]
