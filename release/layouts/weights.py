"""A LLaMA's weights as both layouts are seen here: an architecture, and whole tensors by the names that Meta gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from release.layouts.architecture import Architecture
from release.layouts.errors import Unloadable
from release.layouts.tensors import DType, Tensor, size_bytes


@dataclass(frozen=True)
class Weights:
    """`tied`: output and embeddings are one tensor, stored once."""

    architecture: Architecture
    tensors: Mapping[str, Tensor]
    tied: bool = False

    @property
    def dtype(self) -> DType:
        """The type of most numbers; a checkpoint may keep its norms wider."""
        sizes: Counter[DType] = Counter()
        for tensor in self.tensors.values():
            sizes[tensor.dtype] += size_bytes(tensor) // tensor.dtype.size
        return max(sorted(sizes), key=lambda dtype: sizes[dtype])

    @property
    def size_bytes(self) -> int:
        return sum(size_bytes(tensor) for tensor in self.tensors.values())


def require_shape(file: str, name: str, tensor: Tensor, expected: tuple[int, ...]) -> None:
    """Raises Unloadable for a tensor of another shape than the architecture gives it."""
    if tensor.shape != expected:
        raise Unloadable(file, f"has shape {list(tensor.shape)} instead of {list(expected)}", name)
