r"""The one change to numbers' places that the two layouts need: which dimensions of a head turn together.

Rotary embedding (Su et al. 2021, equation 34) turns pairs of a head's dimensions, pair i at position m by the angle
m θ^(-2i/d). Meta's code pairs neighbours, (2i, 2i + 1); Hugging Face's pairs halves, (i, i + d/2). Both compute the
same scores when the rows of the query and key projections are put in the other order. With s ∈ {0, 1} the member of
the pair and h the head:

    W_hf[h d + s d/2 + i] = W_meta[h d + 2i + s]

No number changes, and doing one after the other gives the first again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from release.layouts.tensors import DType, Tensor, row_bytes


class Order(Enum):
    """How a head's rows lie."""

    NEIGHBOURS = "meta"
    HALVES = "hf"


@dataclass(frozen=True)
class Permuted:
    """A query or key projection [heads x head_dim, inputs] with the rows of each head in the order `to`."""

    tensor: Tensor
    head_dim: int
    to: Order

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def dtype(self) -> DType:
        return self.tensor.dtype

    def rows(self, start: int, stop: int) -> memoryview:
        """Whole heads are read, for a row may come from anywhere in its head."""
        size = self.head_dim
        first, last = start // size * size, -(-stop // size) * size
        data, width = memoryview(self.tensor.rows(first, last)), row_bytes(self)
        source = source_rows(size, self.to)
        heads = range(0, last - first, size)
        ordered = b"".join(data[(head + row) * width : (head + row + 1) * width] for head in heads for row in source)
        return memoryview(ordered)[(start - first) * width : (stop - first) * width]


def source_rows(head_dim: int, to: Order) -> list[int]:
    """For each row of a head in the order `to`, its place in the other order."""
    half = head_dim // 2
    if to is Order.HALVES:
        return [2 * i + s for s in (0, 1) for i in range(half)]
    return [s * half + i for i in range(half) for s in (0, 1)]
