"""The fastest kernels that run here."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ..batch import Batch
from ..kv_cache import KVCache
from . import plain
from .cpu import HEAD_STEP, CpuKernels
from .wishes import Wishes


class Kernels(Protocol):
    """The parts of a step that are not a matrix product; `plain` says what each does."""

    def rms_norm(self, x: Tensor, gain: Tensor, eps: float) -> Tensor: ...

    def attend(self, qkv: Tensor, rotary: Tensor, layer: int, batch: Batch, cache: KVCache) -> Tensor: ...

    def draw(self, logits: Tensor, wishes: Wishes) -> Tensor: ...


def kernels_for(device: torch.device, dtype: torch.dtype, head_dim: int) -> Kernels:
    if device.type == "cpu" and head_dim % HEAD_STEP == 0:
        return CpuKernels.load(dtype) or plain
    return plain
