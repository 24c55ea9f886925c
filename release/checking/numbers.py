"""Are all numbers of a tensor finite? By their bits, so that bfloat16 needs no library that knows it."""

from __future__ import annotations

import numpy as np

from release.layouts.tensors import DType, Tensor, blocks

# Infinity and NaN have every bit of the exponent set.
EXPONENT = {DType.F16: 0x7C00, DType.BF16: 0x7F80, DType.F32: 0x7F800000}


def all_finite(tensor: Tensor) -> bool:
    exponent = EXPONENT[tensor.dtype]
    return all(_below(exponent, block, tensor.dtype) for block in blocks(tensor))


def _below(exponent: int, block: bytes | memoryview, dtype: DType) -> bool:
    """Does every number of the block lack a bit of the exponent?"""
    if dtype is DType.F32:
        wide = np.frombuffer(block, dtype=np.uint32)
        return not bool(((wide & np.uint32(exponent)) == exponent).any())
    bits = np.frombuffer(block, dtype=np.uint16)
    return not bool(((bits & np.uint16(exponent)) == exponent).any())
