"""The numbers that make a LLaMA, whichever file says them; `params.json` and `config.json` are two spellings of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from release.layouts.errors import Unloadable
from release.layouts.names import EMBEDDINGS, OUTPUT

USUAL_CONTEXT = 2048  # of a LLaMA 1; Meta's files do not say it
LARGEST = 1 << 20  # far beyond any LLaMA, so that no file can make us count without end


@dataclass(frozen=True)
class Architecture:
    """Dimensions are named as in the catalogue; `context_tokens` is None where no file says it."""

    dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    ffn_hidden: int
    vocab_size: int
    norm_eps: float
    rope_theta: float = 10_000.0
    context_tokens: int | None = None

    @property
    def head_dim(self) -> int:
        return self.dim // self.n_heads

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by the name that Meta gives it."""
        shapes: dict[str, tuple[int, ...]] = {
            EMBEDDINGS: (self.vocab_size, self.dim),
            "norm.weight": (self.dim,),
            OUTPUT: (self.vocab_size, self.dim),
        }
        for number in range(self.n_layers):
            shapes |= {f"layers.{number}.{name}": shape for name, shape in self._layer().items()}
        return shapes

    def parameters(self, *, tied: bool = False) -> int:
        """How many numbers; where the output shares the embeddings' they count once."""
        shared = self.vocab_size * self.dim if tied else 0
        return sum(math.prod(shape) for shape in self.tensors().values()) - shared

    def difference(self, other: Architecture) -> str | None:
        """The first number in which they differ; a context that only one of them says is no difference."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            unsaid = field.name == "context_tokens" and None in (mine, theirs)
            if mine != theirs and not unsaid:
                return f"{field.name} {mine} against {theirs}"
        return None

    def _layer(self) -> dict[str, tuple[int, ...]]:
        keys = self.n_kv_heads * self.head_dim
        return {
            "attention_norm.weight": (self.dim,),
            "attention.wq.weight": (self.dim, self.dim),
            "attention.wk.weight": (keys, self.dim),
            "attention.wv.weight": (keys, self.dim),
            "attention.wo.weight": (self.dim, self.dim),
            "ffn_norm.weight": (self.dim,),
            "feed_forward.w1.weight": (self.ffn_hidden, self.dim),
            "feed_forward.w2.weight": (self.dim, self.ffn_hidden),
            "feed_forward.w3.weight": (self.ffn_hidden, self.dim),
        }


def require_heads(file: str, architecture: Architecture) -> None:
    """Rotary embedding needs heads of even size, grouped queries an equal share of them for each key."""
    dim, heads, keys = architecture.dim, architecture.n_heads, architecture.n_kv_heads
    if dim % heads or (dim // heads) % 2 or heads % keys:
        raise Unloadable(file, f"does not give heads of even size: dim {dim}, {heads} heads, {keys} for keys")


def count(file: str, found: dict[str, Any], name: str, default: int | None = None) -> int:
    """A whole number above 0 out of a file; null is as good as absent."""
    value = default if found.get(name) is None else found[name]
    if type(value) is not int or not 1 <= value <= LARGEST:
        raise Unloadable(file, f"must give {name} as a whole number from 1 to {LARGEST}")
    return value


def number(file: str, found: dict[str, Any], name: str, largest: float, default: float | None = None) -> float:
    """A number above 0 out of a file."""
    value = default if found.get(name) is None else found[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= largest:
        raise Unloadable(file, f"must give {name} as a number above 0, at most {largest:g}")
    return float(value)
