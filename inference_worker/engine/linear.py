"""Matrix products with fixed weights, each with what follows it at once: y = x W^T, then swish, product or sum."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

PACKED_FOR = 16  # rows; packed for so many, the product is about as fast as can be with any number


class Linear(Protocol):
    """x is [rows, inputs], the result [rows, outputs]."""

    def __call__(self, x: Tensor) -> Tensor: ...

    def swish(self, x: Tensor) -> Tensor:
        """swish(x W^T)."""

    def times(self, x: Tensor, other: Tensor) -> Tensor:
        """x W^T * other."""

    def plus(self, x: Tensor, other: Tensor) -> Tensor:
        """x W^T + other."""


class Unfused:
    """What follows a product, one thing after another."""

    def __call__(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def swish(self, x: Tensor) -> Tensor:
        return functional.silu(self(x), inplace=True)

    def times(self, x: Tensor, other: Tensor) -> Tensor:
        return self(x).mul_(other)

    def plus(self, x: Tensor, other: Tensor) -> Tensor:
        return self(x).add_(other)


class PlainLinear(Unfused):
    """As torch does it, on any device."""

    def __init__(self, weight: Tensor) -> None:
        self._weight = weight

    def __call__(self, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight)


class PackedLinear:
    """On a CPU: weights in the order in which oneDNN reads them, three times as fast for a few dozen rows."""

    def __init__(self, weight: Tensor) -> None:
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, PACKED_FOR)

    def __call__(self, x: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, None, "none", [], "")
        return result

    def swish(self, x: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, None, "swish", [], "")
        return result

    def times(self, x: Tensor, other: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, other, self._weight, None, "mul")
        return result

    def plus(self, x: Tensor, other: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, other, self._weight, None, "add")
        return result


def linear(weight: Tensor) -> Linear:
    """The fastest for this weight [outputs, inputs], which it may keep."""
    has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if weight.device.type == "cpu" and weight.dtype != torch.float16 and has_onednn:
        return PackedLinear(weight)
    return PlainLinear(weight)
