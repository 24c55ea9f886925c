"""The LLaMA transformer, top to bottom, in one file.

Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models" (arXiv 2302.13971), section
2.2: pre-norm with RMSNorm (Zhang & Sennrich 2019, arXiv 1910.07467), SwiGLU (Shazeer 2020, arXiv
2002.05202), rotary embeddings (Su et al. 2021, arXiv 2104.09864); from LLaMA 2 on grouped-query attention
(Ainslie et al. 2023, arXiv 2305.13245).

Tokens of all sequences lie side by side without padding: T tokens in one step, described by spans. Only
attention looks at sequences one by one, so a sequence's numbers do not depend on how long its neighbours
are. Parameters bear the names that they have in Meta's checkpoints.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference_worker.engine.config import ModelConfig
from inference_worker.engine.kv_cache import KVCache, Span


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Without storage: weights are assigned when a checkpoint is loaded."""
    return nn.Linear(inputs, outputs, bias=False, device="meta")


class RMSNorm(nn.Module):
    """Zhang & Sennrich 2019, equation 4; the mean square is taken in f32 whatever the dtype of the model."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(dim, device="meta"))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        normed = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return normed.to(x.dtype) * self.weight


def rotary_table(config: ModelConfig) -> Tensor:
    """[context_tokens, head_dim / 2, 2] f32: cosine and sine of position x theta^(-2i / head_dim).

    Su et al. 2021, section 3.2.2. Angles are taken in f64, since f32 loses four digits at the end of the
    context.
    """
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    positions = torch.arange(config.context_tokens, dtype=torch.float64)
    angles = torch.outer(positions, config.rope_theta**-exponents)
    return torch.stack((angles.cos(), angles.sin()), dim=-1).float()


def rotate(x: Tensor, rotary: Tensor) -> Tensor:
    """Turn each pair (x[2i], x[2i+1]) of x [T, heads, head_dim] by its angle; rotary is [T, head_dim / 2, 2].

    Meta's checkpoints hold interleaved pairs, unlike files converted for Hugging Face.
    """
    even, odd = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)  # [T, heads, head_dim / 2]
    cos, sin = rotary.unsqueeze(1).unbind(-1)  # [T, 1, head_dim / 2]
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2).to(x.dtype)


class Attention(nn.Module):
    """Causal attention; each key and value head serves n_heads / n_kv_heads query heads."""

    def __init__(self, layer: int, config: ModelConfig) -> None:
        super().__init__()
        self.layer = layer
        self.head_dim = config.head_dim
        self.is_grouped = config.n_kv_heads < config.n_heads
        self.wq = _linear(config.dim, config.n_heads * config.head_dim)
        self.wk = _linear(config.dim, config.n_kv_heads * config.head_dim)
        self.wv = _linear(config.dim, config.n_kv_heads * config.head_dim)
        self.wo = _linear(config.n_heads * config.head_dim, config.dim)

    def forward(self, x: Tensor, rotary: Tensor, spans: list[Span], cache: KVCache) -> Tensor:
        queries = rotate(self._heads(self.wq(x)), rotary)  # [T, n_heads, head_dim]
        keys = rotate(self._heads(self.wk(x)), rotary)  # [T, n_kv_heads, head_dim]
        values = self._heads(self.wv(x))  # [T, n_kv_heads, head_dim]
        counts = [span.count for span in spans]
        parts = (torch.split(tensor, counts) for tensor in (queries, keys, values))
        mixed = [
            self._attend(q, *cache.extend(self.layer, span, k, v)) for span, q, k, v in zip(spans, *parts, strict=True)
        ]
        projected: Tensor = self.wo(torch.cat(mixed).flatten(-2))
        return projected

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(len(x), -1, self.head_dim)

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """[count, n_heads, head_dim] over [stop, n_kv_heads, head_dim]: a whole prompt or one new token."""
        assert len(queries) in (1, len(keys))
        mixed = functional.scaled_dot_product_attention(
            queries.transpose(0, 1).unsqueeze(0),
            keys.transpose(0, 1).unsqueeze(0),
            values.transpose(0, 1).unsqueeze(0),
            is_causal=len(queries) > 1,
            enable_gqa=self.is_grouped,
        )
        return mixed.squeeze(0).transpose(0, 1)


class FeedForward(nn.Module):
    """SwiGLU, Shazeer 2020, equation 6."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.w1 = _linear(config.dim, config.ffn_dim)
        self.w2 = _linear(config.ffn_dim, config.dim)
        self.w3 = _linear(config.dim, config.ffn_dim)

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.w2(functional.silu(self.w1(x)) * self.w3(x))
        return projected


class Block(nn.Module):
    def __init__(self, layer: int, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Attention(layer, config)
        self.feed_forward = FeedForward(config)
        self.attention_norm = RMSNorm(config.dim, config.norm_eps)
        self.ffn_norm = RMSNorm(config.dim, config.norm_eps)

    def forward(self, x: Tensor, rotary: Tensor, spans: list[Span], cache: KVCache) -> Tensor:
        x = x + self.attention(self.attention_norm(x), rotary, spans, cache)
        result: Tensor = x + self.feed_forward(self.ffn_norm(x))
        return result


class Transformer(nn.Module):
    rotary: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.dim, device="meta")
        self.layers = nn.ModuleList(Block(layer, config) for layer in range(config.n_layers))
        self.norm = RMSNorm(config.dim, config.norm_eps)
        self.output = _linear(config.dim, config.vocab_size)
        self.register_buffer("rotary", rotary_table(config), persistent=False)

    def forward(self, tokens: Tensor, positions: Tensor, spans: list[Span], cache: KVCache) -> Tensor:
        """Hidden states [T, dim] of tokens [T] at positions [T], which lie in the order of the spans."""
        x: Tensor = self.tok_embeddings(tokens)
        rotary = self.rotary[positions]
        for block in self.layers:
            x = block(x, rotary, spans, cache)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """[rows, vocab] f32 for hidden states [rows, dim]; callers choose the rows that they need."""
        logits: Tensor = self.output(self.norm(hidden))
        return logits.float()
