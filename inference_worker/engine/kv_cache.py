"""Keys and values of the tokens computed so far: one slot of a full context for each running request."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inference_worker.engine.config import ModelConfig
from inference_worker.engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive new tokens of one sequence: `count` of them, the first at position `start`."""

    slot: int
    start: int
    count: int

    @property
    def stop(self) -> int:
        return self.start + self.count


class KVCache:
    """Raises ConfigError when the device has no room for it.

    Positions after a sequence's end hold leftovers of earlier requests, which nobody reads: `extend` returns
    exactly the positions of its span's sequence.
    """

    def __init__(self, config: ModelConfig, *, slot_count: int, device: torch.device, dtype: torch.dtype) -> None:
        shape = (config.n_layers, slot_count, config.context_tokens, config.n_kv_heads, config.head_dim)
        try:
            self._keys = torch.empty(shape, device=device, dtype=dtype)
            self._values = torch.empty(shape, device=device, dtype=dtype)
        except RuntimeError as error:  # torch has no narrower class for the CPU
            raise ConfigError(
                f"No room for the keys and values of {slot_count} requests of {config.context_tokens} "
                f"tokens: lower max_batch_size. ({error})"
            ) from None

    def extend(self, layer: int, span: Span, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store the span's [count, n_kv_heads, head_dim]; return those of positions 0 to stop."""
        self._keys[layer, span.slot, span.start : span.stop] = keys
        self._values[layer, span.slot, span.start : span.stop] = values
        return self._keys[layer, span.slot, : span.stop], self._values[layer, span.slot, : span.stop]
