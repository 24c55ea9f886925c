"""The next token of each sequence: from logits, sampling options and random numbers of the sequence's own."""

from __future__ import annotations

import torch
from torch import Tensor

from .kernels.chosen import Kernels
from .kernels.wishes import Wishes
from .sequence import Sequence


def sample(logits: Tensor, sequences: list[Sequence], kernels: Kernels) -> list[int]:
    """One token id for each row of logits [sequences, vocab] f32."""
    logits = _with_changes(logits, sequences)
    chosen = logits.argmax(-1)  # the first, so the lowest id, of equal ones
    warm = [row for row, sequence in enumerate(sequences) if sequence.request.options.temperature > 0]
    if warm:
        chosen[warm] = kernels.draw(logits[warm], Wishes.of([sequences[row] for row in warm], logits))
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
