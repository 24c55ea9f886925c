"""Keys and values of the tokens computed so far, in pages."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import ModelConfig
from .errors import ConfigError
from .pages import PAGE_TOKENS


class KVCache:
    """Raises ConfigError when the device has no room for it.

    `keys` [layers, pages, n_kv_heads, head_dim, PAGE_TOKENS] and `values` [layers, pages, n_kv_heads, PAGE_TOKENS,
    head_dim]: each so that the inner loop of attention reads what lies side by side. `tails` [pages, dim] has the
    hidden state of the last token of each page, which tells how likely the first token of the next page is.
    Places that no sequence has filled yet hold leftovers, which nobody reads.
    """

    def __init__(self, config: ModelConfig, *, pages: int, device: torch.device, dtype: torch.dtype) -> None:
        shape = (config.n_layers, pages, config.n_kv_heads)
        try:
            self.keys = torch.empty((*shape, config.head_dim, PAGE_TOKENS), device=device, dtype=dtype)
            self.values = torch.empty((*shape, PAGE_TOKENS, config.head_dim), device=device, dtype=dtype)
            self.tails = torch.empty((pages, config.dim), device=device, dtype=dtype)
        except RuntimeError as error:  # torch has no narrower class for the CPU
            raise ConfigError(
                f"No room for the keys and values of {pages * PAGE_TOKENS} tokens: lower max_batch_size or kv_bytes. "
                f"({error})"
            ) from None

    def store(self, layer: int, slots: Tensor, keys: Tensor, values: Tensor) -> None:
        """Write [T, n_kv_heads, head_dim] to slots [T], each a page times PAGE_TOKENS plus a place in it."""
        pages, places = slots // PAGE_TOKENS, slots % PAGE_TOKENS
        self.keys[layer, pages, :, :, places] = keys
        self.values[layer, pages, :, places] = values

    def read(self, layer: int, pages: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """The first `count` keys and values of a sequence with these pages: each [n_kv_heads, count, head_dim]."""
        keys = self.keys[layer, pages].permute(1, 0, 3, 2).flatten(1, 2)
        values = self.values[layer, pages].transpose(0, 1).flatten(1, 2)
        return keys[:, :count], values[:, :count]


def bytes_per_page(config: ModelConfig, dtype: torch.dtype) -> int:
    """Of keys and values in all layers; the tails add a thousandth or less."""
    return 2 * config.n_layers * config.n_kv_heads * config.head_dim * PAGE_TOKENS * dtype.itemsize
