"""LLaMA a second time, in NumPy and float64, straight from the equations and sharing nothing with the engine.

No cache, no batch, no tricks: one token list in, the log-probabilities of every next token out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Params = dict[str, Any]


def rms_norm(x: Array, gain: Array, eps: float) -> Array:
    """Zhang & Sennrich 2019, equation 4: x_i / RMS(x) * g_i, one position at a time."""
    return np.array([row / np.sqrt((row * row).mean() + eps) * gain for row in x])


def rotated(vector: Array, position: int, theta: float) -> Array:
    """Su et al. 2021, equation 15: the block-diagonal rotation matrix of this position, times the vector."""
    d = len(vector)
    matrix = np.zeros((d, d))
    for i in range(d // 2):
        angle = position * theta ** (-2 * i / d)
        block = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    return matrix @ vector


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max())
    shares: Array = powers / powers.sum()
    return shares


def attention(x: Array, layer: dict[str, Array], params: Params) -> Array:
    """Causal attention head by head; query head h reads key head h // group (Ainslie et al. 2023)."""
    heads = params["n_heads"]
    group = heads // params.get("n_kv_heads", heads)
    size = params["dim"] // heads
    theta = params.get("rope_theta", 10000.0)
    result = np.zeros_like(x)
    for h in range(heads):
        own = slice(h * size, (h + 1) * size)
        shared = slice(h // group * size, (h // group + 1) * size)
        q = [rotated(layer["wq"][own] @ row, m, theta) for m, row in enumerate(x)]
        k = [rotated(layer["wk"][shared] @ row, n, theta) for n, row in enumerate(x)]
        v = [layer["wv"][shared] @ row for row in x]
        for m in range(len(x)):
            weights = softmax(np.array([q[m] @ k[n] / np.sqrt(size) for n in range(m + 1)]))
            result[m, own] = sum(weights[n] * v[n] for n in range(m + 1))
    return result @ layer["wo"].T


def swiglu(x: Array, layer: dict[str, Array]) -> Array:
    """Shazeer 2020, equation 6: (Swish(xW) * xV) W2 with Swish(z) = z * sigmoid(z)."""
    gate = x @ layer["w1"].T
    product: Array = (gate / (1 + np.exp(-gate)) * (x @ layer["w3"].T)) @ layer["w2"].T
    return product


def log_probabilities(weights: dict[str, Array], params: Params, tokens: list[int]) -> Array:
    """[positions, vocabulary]: row m foretells token m + 1 (Touvron et al. 2023, section 2.2)."""
    eps = params["norm_eps"]
    x = weights["tok_embeddings.weight"][tokens]
    for number in range(params["n_layers"]):
        prefix = f"layers.{number}."
        layer = {name.split(".")[-2]: w for name, w in weights.items() if name.startswith(prefix)}
        x = x + attention(rms_norm(x, layer["attention_norm"], eps), layer, params)
        x = x + swiglu(rms_norm(x, layer["ffn_norm"], eps), layer)
    logits = rms_norm(x, weights["norm.weight"], eps) @ weights["output.weight"].T
    return np.array([np.log(softmax(row)) for row in logits])


def greedy(weights: dict[str, Array], params: Params, prompt: list[int], count: int) -> list[int]:
    """The `count` most likely tokens after `prompt`, everything computed anew for each."""
    tokens = list(prompt)
    for _ in range(count):
        tokens.append(int(log_probabilities(weights, params, tokens)[-1].argmax()))
    return tokens[len(prompt) :]
