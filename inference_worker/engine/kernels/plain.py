"""The parts of the model that are not a matrix product, in torch alone: for any device, and the measure of others."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..batch import Batch
from ..kv_cache import KVCache
from ..scheduler import Span
from .wishes import Wishes


def rms_norm(x: Tensor, gain: Tensor, eps: float) -> Tensor:
    """Zhang & Sennrich 2019, equation 4, of x [T, dim]; the mean square is taken in f32 whatever the dtype."""
    wide = x.float()
    normed = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return normed.to(x.dtype) * gain


def rotate(x: Tensor, rotary: Tensor) -> Tensor:
    """Turn each pair (x[2i], x[2i+1]) of x [T, heads, head_dim] by its angle; rotary is [T, head_dim / 2, 2].

    Meta's checkpoints hold interleaved pairs, unlike files converted for Hugging Face.
    """
    even, odd = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)  # [T, heads, head_dim / 2]
    cos, sin = rotary.unsqueeze(1).unbind(-1)  # [T, 1, head_dim / 2]
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2).to(x.dtype)


def attend(qkv: Tensor, rotary: Tensor, layer: int, batch: Batch, cache: KVCache) -> Tensor:
    """Causal attention of each token over its own sequence: [T, n_heads * head_dim].

    qkv is [T, (n_heads + 2 n_kv_heads) * head_dim], not rotated yet; rotary is [context, head_dim / 2, 2]. Stores the
    new keys and values.
    """
    queries = store(qkv, rotary, layer, batch, cache)
    out = torch.empty_like(queries)
    attend_spans(queries, layer, batch, cache, range(len(batch.spans)), out)
    return out.flatten(-2)


def attend_spans(queries: Tensor, layer: int, batch: Batch, cache: KVCache, which: range, out: Tensor) -> None:
    """Attention of these spans of the batch; queries and out are [T, n_heads, head_dim]."""
    pages = torch.split(batch.pages, [len(span.pages) for span in batch.spans])
    for index in which:
        own = slice(batch.rows[index], batch.rows[index + 1])
        out[own] = _of_span(batch.spans[index], queries[own], pages[index], layer, cache)


def store(qkv: Tensor, rotary: Tensor, layer: int, batch: Batch, cache: KVCache) -> Tensor:
    """Rotated queries [T, n_heads, head_dim]; rotated keys, and values, go to the cache."""
    kv_heads, head_dim = cache.values.shape[2], cache.values.shape[4]
    heads = qkv.view(len(qkv), -1, head_dim)
    queries, keys, values = torch.split(heads, [heads.shape[1] - 2 * kv_heads, kv_heads, kv_heads], dim=1)
    own = rotary[batch.positions]
    cache.store(layer, batch.slots, rotate(keys, own), values)
    return rotate(queries, own)


def _of_span(span: Span, queries: Tensor, pages: Tensor, layer: int, cache: KVCache) -> Tensor:
    """[count, n_heads, head_dim] over all positions of the sequence up to each token's own."""
    keys, values = cache.read(layer, pages, span.stop)
    is_whole = span.start == 0
    mask = None
    if span.count > 1 and not is_whole:
        mask = torch.ones(span.count, span.stop, dtype=torch.bool, device=queries.device).tril(span.start)
    mixed = functional.scaled_dot_product_attention(
        queries.transpose(0, 1).unsqueeze(0),
        keys.unsqueeze(0),
        values.unsqueeze(0),
        attn_mask=mask,
        is_causal=span.count > 1 and is_whole,
        enable_gqa=queries.shape[1] != keys.shape[0],
    )
    return mixed.squeeze(0).transpose(0, 1)


def draw(logits: Tensor, wishes: Wishes) -> Tensor:
    """A token id for each row of logits [rows, vocab] f32, by inverting its cumulative distribution: [rows] i64.

    In f64 and in the order of the ids. top_k and top_p leave only the likeliest (Holtzman et al. 2020).
    """
    # The largest logit is taken away first, so that a tiny temperature gives zero and -inf, never inf - inf.
    scaled = (logits.double() - logits.double().amax(-1, keepdim=True)) / wishes.temperatures.double().unsqueeze(-1)
    weights = scaled.softmax(-1)
    narrow = ((wishes.top_ps < 1) | (wishes.top_ks < logits.shape[-1])).nonzero().squeeze(-1)
    if len(narrow):
        weights[narrow] *= _likeliest(weights[narrow], wishes.top_ks[narrow], wishes.top_ps[narrow].double())
    cumulative = weights.cumsum(-1)
    return torch.searchsorted(cumulative, wishes.randoms.unsqueeze(-1) * cumulative[:, -1:], right=True).squeeze(-1)


def _likeliest(weights: Tensor, top_k: Tensor, top_p: Tensor) -> Tensor:
    """Mask of the top_k likeliest and, of those, the fewest whose share reaches top_p.

    weights [rows, vocab], top_k and top_p [rows]; ties go to the lowest id; at least one token stays.
    """
    order = weights.sort(dim=-1, descending=True, stable=True)
    ranks = torch.arange(weights.shape[-1], device=weights.device)
    ranked = order.values * (ranks < top_k.unsqueeze(-1))
    cumulative = ranked.cumsum(-1)
    before = cumulative - ranked
    enough = top_p.unsqueeze(-1) * cumulative[:, -1:]
    keep = (ranks < top_k.unsqueeze(-1)) & ((before < enough) | (ranks == 0))
    return torch.zeros_like(keep).scatter(-1, order.indices, keep)
