"""LLaMA written plainly for training: no cache, no batching tricks, parameters under Meta's names."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """Architecture, in the words of `params.json`."""

    dim: int = 256
    multiple_of: int = 64
    n_heads: int = 4
    n_layers: int = 5
    norm_eps: float = 1e-5
    vocab_size: int = 2048
    max_seq_len: int = 512

    @property
    def hidden_dim(self) -> int:
        """Two thirds of 4 dim, rounded up to a multiple of `multiple_of`."""
        return -(-int(8 * self.dim / 3) // self.multiple_of) * self.multiple_of


class RMSNorm(nn.Module):
    """x / RMS(x) times a learned gain (Zhang & Sennrich 2019)."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def rotary_angles(shape: Shape, length: int) -> Tensor:
    """Angle of each position and component pair, [length, head_dim / 2] (Su et al. 2021, theta 10000)."""
    head_dim = shape.dim // shape.n_heads
    frequencies = 10000.0 ** (-torch.arange(0, head_dim, 2) / head_dim)
    return torch.outer(torch.arange(length), frequencies)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each adjacent pair of components by its angle; x is [batch, heads, length, head_dim]."""
    real, imaginary = x[..., 0::2], x[..., 1::2]
    turned = torch.stack((real * cos - imaginary * sin, real * sin + imaginary * cos), dim=-1)
    return turned.flatten(-2).type_as(x)


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.n_heads = shape.n_heads
        self.wq = nn.Linear(shape.dim, shape.dim, bias=False)
        self.wk = nn.Linear(shape.dim, shape.dim, bias=False)
        self.wv = nn.Linear(shape.dim, shape.dim, bias=False)
        self.wo = nn.Linear(shape.dim, shape.dim, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = (
            weight(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # [batch, heads, length, head_dim]
            for weight in (self.wq, self.wk, self.wv)
        )
        mixed = functional.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True)
        output: Tensor = self.wo(mixed.transpose(1, 2).flatten(-2))
        return output


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.w1 = nn.Linear(shape.dim, shape.hidden_dim, bias=False)
        self.w2 = nn.Linear(shape.hidden_dim, shape.dim, bias=False)
        self.w3 = nn.Linear(shape.dim, shape.hidden_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.w2(functional.silu(self.w1(x)) * self.w3(x))
        return output


class Layer(nn.Module):
    """Attention and feed-forward, each added to what came in and normalised before."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.feed_forward = FeedForward(shape)
        self.attention_norm = RMSNorm(shape.dim, shape.norm_eps)
        self.ffn_norm = RMSNorm(shape.dim, shape.norm_eps)
        self.dropout = dropout

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        attended = self.attention(self.attention_norm(x), cos, sin)
        x = x + functional.dropout(attended, self.dropout, self.training)
        transformed = self.feed_forward(self.ffn_norm(x))
        return x + functional.dropout(transformed, self.dropout, self.training)


class Llama(nn.Module):
    """Token ids [batch, length] to logits [batch, length, vocab_size]."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.tok_embeddings = nn.Embedding(shape.vocab_size, shape.dim)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.n_layers))
        self.norm = RMSNorm(shape.dim, shape.norm_eps)
        self.output = nn.Linear(shape.dim, shape.vocab_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        angles = rotary_angles(self.shape, tokens.shape[1])
        cos, sin = angles.cos(), angles.sin()
        x = self.tok_embeddings(tokens)
        for layer in self.layers:
            x = layer(x, cos, sin)
        logits: Tensor = self.output(self.norm(x))
        return logits


def initialise(network: Llama) -> None:
    """Small normal weights; what is added to the residual stream shrinks with depth (GPT-2's scheme)."""
    shape = network.shape
    for name, parameter in network.named_parameters():
        if parameter.dim() == 2:
            residual = name.endswith(("wo.weight", "w2.weight"))
            nn.init.normal_(parameter, std=0.02 / (2 * shape.n_layers) ** 0.5 if residual else 0.02)
