"""The LLaMA transformer, top to bottom, in one file.

Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models" (arXiv 2302.13971), section 2.2: pre-norm
with RMSNorm (Zhang & Sennrich 2019, arXiv 1910.07467), SwiGLU (Shazeer 2020, arXiv 2002.05202), rotary embeddings (Su
et al. 2021, arXiv 2104.09864); from LLaMA 2 on grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245).

Tokens of all sequences lie side by side without padding: T tokens in one step. Only attention looks at sequences one by
one, so a sequence's numbers do not depend on how long its neighbours are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .batch import Batch
from .config import ModelConfig, WeightForm
from .kernels.chosen import Kernels, kernels_for
from .kv_cache import KVCache
from .linear import Linear, linear
from .quantised import Int4Linear, Int8Linear


def rotary_table(config: ModelConfig) -> Tensor:
    """[context_tokens, head_dim / 2, 2] f32: cosine and sine of position x theta^(-2i / head_dim).

    Su et al. 2021, section 3.2.2. Angles are taken in f64, since f32 loses four digits at the end of the context.
    """
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    positions = torch.arange(config.context_tokens, dtype=torch.float64)
    angles = torch.outer(positions, config.rope_theta**-exponents)
    return torch.stack((angles.cos(), angles.sin()), dim=-1).float()


def parameter_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter, by its name in Meta's checkpoints; a weight is [outputs, inputs]."""
    dim, kv_dim = config.dim, config.n_kv_heads * config.head_dim
    of_layer = {
        "attention.wq": (dim, dim), "attention.wk": (kv_dim, dim), "attention.wv": (kv_dim, dim),
        "attention.wo": (dim, dim), "feed_forward.w1": (config.ffn_dim, dim), "feed_forward.w2": (dim, config.ffn_dim),
        "feed_forward.w3": (config.ffn_dim, dim), "attention_norm": (dim,), "ffn_norm": (dim,),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {"tok_embeddings.weight": (config.vocab_size, dim)}
    for layer in range(config.n_layers):
        shapes |= {f"layers.{layer}.{name}.weight": shape for name, shape in of_layer.items()}
    return shapes | {"norm.weight": (dim,), "output.weight": (config.vocab_size, dim)}


@dataclass(frozen=True)
class Layer:
    """One block: attention and feed-forward, each added to what came in."""

    attention_norm: Tensor
    wqkv: Linear
    wo: Linear
    ffn_norm: Tensor
    w1: Linear
    w2: Linear
    w3: Linear


class Transformer:
    """A model ready to run. It takes the parameters out of the mapping that it is given, so that nothing lies twice."""

    def __init__(
        self, config: ModelConfig, parameters: MutableMapping[str, Tensor], weights: WeightForm = "full"
    ) -> None:
        self._eps = config.norm_eps
        self._embeddings = parameters.pop("tok_embeddings.weight")
        self._layers = [_layer(parameters, f"layers.{number}.", weights) for number in range(config.n_layers)]
        self.norm = parameters.pop("norm.weight")
        self._output = linear(parameters.pop("output.weight"))
        self._rotary = rotary_table(config).to(self._embeddings.device)
        self.kernels: Kernels = kernels_for(self._embeddings.device, self._embeddings.dtype, config.head_dim)

    def forward(self, batch: Batch, cache: KVCache) -> Tensor:
        """Hidden states [T, dim] of the tokens of the batch, whose keys and values go to the cache."""
        x = functional.embedding(batch.tokens, self._embeddings)
        for number, layer in enumerate(self._layers):
            qkv = layer.wqkv(self.kernels.rms_norm(x, layer.attention_norm, self._eps))
            x = layer.wo.plus(self.kernels.attend(qkv, self._rotary, number, batch, cache), x)
            normed = self.kernels.rms_norm(x, layer.ffn_norm, self._eps)
            x = layer.w2.plus(layer.w3.times(normed, layer.w1.swish(normed)), x)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """[rows, vocab] f32 for hidden states [rows, dim]; callers choose the rows that they need."""
        return self._output(self.kernels.rms_norm(hidden, self.norm, self._eps)).float()


PRODUCTS: Mapping[WeightForm, Callable[[Tensor], Linear]] = {"full": linear, "int8": Int8Linear, "int4": Int4Linear}


def _layer(parameters: MutableMapping[str, Tensor], prefix: str, weights: WeightForm) -> Layer:
    product = PRODUCTS[weights]

    def take(name: str) -> Tensor:
        return parameters.pop(f"{prefix}{name}.weight")

    wqkv = torch.cat([take(f"attention.{name}") for name in ("wq", "wk", "wv")])
    return Layer(
        attention_norm=take("attention_norm"),
        wqkv=product(wqkv),
        wo=product(take("attention.wo")),
        ffn_norm=take("ffn_norm"),
        w1=product(take("feed_forward.w1")),
        w2=product(take("feed_forward.w2")),
        w3=product(take("feed_forward.w3")),
    )
