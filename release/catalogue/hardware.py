"""What a model needs to run: its weights at several precisions, and the cache of one request at full context."""

from __future__ import annotations

from dataclasses import dataclass

from release.models import Variant

BITS = (16, 8, 4)
CACHE_BITS = 16
BITS_PER_BYTE = 8


@dataclass(frozen=True)
class Need:
    """Memory with weights of so many bits each; the cache stays at 16."""

    bits: int
    weights_bytes: int
    cache_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.cache_bytes


def needs(variant: Variant) -> list[Need]:
    """At 16, 8 and 4 bits, in this order. A quantised file is a few per cent larger, for its scales."""
    cache = cache_bytes(variant)
    return [Need(bits, variant.parameters * bits // BITS_PER_BYTE, cache) for bits in BITS]


def cache_bytes(variant: Variant) -> int:
    """Keys and values are kept for each layer, position and key head."""
    head_dim = variant.dim // variant.n_heads
    numbers = 2 * variant.n_layers * variant.n_kv_heads * head_dim * variant.context_tokens
    return numbers * CACHE_BITS // BITS_PER_BYTE
