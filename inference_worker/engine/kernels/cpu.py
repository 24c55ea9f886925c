"""The kernels of cpu.cpp behind the functions of plain.py, for f32 and bf16 on a CPU."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor

from ..batch import Batch
from ..kv_cache import KVCache
from . import build, plain
from .wishes import Wishes

# From so many tokens of one span on, torch's own attention over copied pages is faster: it uses matrix products.
LONG = 64
HEAD_STEP = 16  # a head's size is a multiple of it, as in every LLaMA: a vector register is read at once
POINTER, COUNT = ctypes.c_void_p, ctypes.c_int64
ARGUMENTS = {
    "rms_norm": (POINTER, POINTER, ctypes.c_float, COUNT, COUNT, POINTER),
    "store": (*[POINTER] * 4, *[COUNT] * 4, *[POINTER] * 3),
    "attend": (*[POINTER] * 7, *[COUNT] * 4, POINTER),
    "draw": (POINTER, COUNT, COUNT, *[POINTER] * 5),
}


class CpuKernels:
    """What `plain` does, for one dtype."""

    def __init__(self, library: ctypes.CDLL, dtype: torch.dtype) -> None:
        name = str(dtype).removeprefix("torch.")
        self._rms_norm, self._store, self._attend = (
            _function(library, f"{each}_{name}", ARGUMENTS[each]) for each in ("rms_norm", "store", "attend")
        )
        self._draw = _function(library, "draw", ARGUMENTS["draw"])

    @classmethod
    def load(cls, dtype: torch.dtype) -> CpuKernels | None:
        """None where they cannot be had: `plain` does the same, slower."""
        library = build.load() if dtype in (torch.float32, torch.bfloat16) else None
        return None if library is None else cls(library, dtype)

    def rms_norm(self, x: Tensor, gain: Tensor, eps: float) -> Tensor:
        out = torch.empty_like(x)
        self._rms_norm(x.data_ptr(), gain.data_ptr(), eps, *x.shape, out.data_ptr())
        return out

    def attend(self, qkv: Tensor, rotary: Tensor, layer: int, batch: Batch, cache: KVCache) -> Tensor:
        keys, values = cache.keys[layer], cache.values[layer]
        head_dim, kv_heads = values.shape[-1], values.shape[1]
        rows, heads = len(qkv), qkv.shape[1] // head_dim - 2 * kv_heads
        shape = (heads, kv_heads, head_dim)
        queries, out = qkv.new_empty(rows, heads, head_dim), qkv.new_empty(rows, heads, head_dim)
        self._store(
            qkv.data_ptr(), rotary.data_ptr(), batch.positions.data_ptr(), batch.slots.data_ptr(), rows, *shape,
            queries.data_ptr(), keys.data_ptr(), values.data_ptr(),
        )  # fmt: skip
        short = next((i for i, span in enumerate(batch.spans) if span.count >= LONG), len(batch.spans))
        self._attend(
            queries.data_ptr(), keys.data_ptr(), values.data_ptr(), batch.row_starts.data_ptr(),
            batch.first_positions.data_ptr(), batch.pages.data_ptr(), batch.page_starts.data_ptr(), short, *shape,
            out.data_ptr(),
        )  # fmt: skip
        if short < len(batch.spans):
            plain.attend_spans(queries, layer, batch, cache, range(short, len(batch.spans)), out)
        return out.flatten(-2)

    def draw(self, logits: Tensor, wishes: Wishes) -> Tensor:
        logits = logits.contiguous()
        chosen = torch.empty(len(logits), dtype=torch.int64)
        self._draw(
            logits.data_ptr(), *logits.shape, wishes.temperatures.data_ptr(), wishes.top_ps.data_ptr(),
            wishes.top_ks.data_ptr(), wishes.randoms.data_ptr(), chosen.data_ptr(),
        )  # fmt: skip
        return chosen


def _function(library: ctypes.CDLL, name: str, arguments: tuple[Any, ...]) -> Any:
    function = getattr(library, name)
    function.argtypes, function.restype = arguments, None
    return function
