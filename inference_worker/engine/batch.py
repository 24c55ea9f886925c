"""The tokens of one step as tensors: side by side, without padding."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass

import torch
from torch import Tensor

from .pages import PAGE_TOKENS
from .scheduler import Span


@dataclass(frozen=True)
class Batch:
    """T tokens of S spans. A span's rows are `row_starts[s]` up to `row_starts[s + 1]`; its sequence's pages lie at
    `page_starts[s]` up to `page_starts[s + 1]` of `pages`."""

    spans: Several[Span]
    rows: Several[int]  # row_starts on the host
    tokens: Tensor  # [T]
    positions: Tensor  # [T]
    slots: Tensor  # [T], where each token's keys and values go
    row_starts: Tensor  # [S + 1], i32 as all that follow
    first_positions: Tensor  # [S]
    pages: Tensor
    page_starts: Tensor  # [S + 1]

    @classmethod
    def of(cls, spans: Several[Span], device: torch.device) -> Batch:
        def tensor(values: list[int], dtype: torch.dtype = torch.int32) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        places = [(span, position) for span in spans for position in range(span.start, span.stop)]
        rows = _starts([span.count for span in spans])
        return cls(
            spans,
            rows,
            tokens=tensor([span.sequence.tokens[position] for span, position in places], torch.int64),
            positions=tensor([position for _, position in places], torch.int64),
            slots=tensor([_slot(span, position) for span, position in places], torch.int64),
            row_starts=tensor(rows),
            first_positions=tensor([span.start for span in spans]),
            pages=tensor([page for span in spans for page in span.pages]),
            page_starts=tensor(_starts([len(span.pages) for span in spans])),
        )


def _slot(span: Span, position: int) -> int:
    page, place = divmod(position, PAGE_TOKENS)
    return span.sequence.pages[page] * PAGE_TOKENS + place


def _starts(counts: list[int]) -> list[int]:
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    return starts
