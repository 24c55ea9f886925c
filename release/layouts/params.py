"""`params.json`: a LLaMA's numbers in Meta's words, read and written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from release.layouts.architecture import USUAL_CONTEXT, Architecture, count, number, require_heads
from release.layouts.errors import Unloadable
from release.layouts.jsonfiles import encode, read_object
from release.layouts.names import PARAMS

# As in Meta's own files: 256, or 4096 for the largest LLaMA 2; then whatever fits.
MULTIPLES = (256, 4096, 64, 128, 512, 1024, 2048, 32, 16, 8, 4, 2, 1)


def read_params(folder: Path, vocab_size: int) -> Architecture:
    """What the file describes; a vocabulary of -1 means: as the tokenizer has it. Raises Unloadable."""
    params = read_object(folder, PARAMS)
    said = params.get("vocab_size", -1)
    if type(said) is not int or said not in (-1, vocab_size):
        raise Unloadable(PARAMS, f"says vocab_size {said!r}, but the tokenizer has {vocab_size} pieces")
    if params.get("use_scaled_rope"):
        raise Unloadable(PARAMS, "asks for scaled rotary embedding, which no LLaMA 1 or 2 has")
    dim, heads = count(PARAMS, params, "dim"), count(PARAMS, params, "n_heads")
    found = Architecture(
        dim=dim,
        n_layers=count(PARAMS, params, "n_layers"),
        n_heads=heads,
        n_kv_heads=count(PARAMS, params, "n_kv_heads", default=heads),
        ffn_hidden=_ffn_hidden(params, dim),
        vocab_size=vocab_size,
        norm_eps=number(PARAMS, params, "norm_eps", 1.0),
        rope_theta=number(PARAMS, params, "rope_theta", 1e9, default=10_000.0),
        context_tokens=None if params.get("max_seq_len") is None else count(PARAMS, params, "max_seq_len"),
    )
    require_heads(PARAMS, found)
    return found


def params_json(architecture: Architecture) -> bytes:
    """The file for this architecture; what Meta's files leave out when it is usual is left out."""
    multiple, multiplier = _width_rule(architecture.dim, architecture.ffn_hidden)
    params: dict[str, Any] = {"dim": architecture.dim, "multiple_of": multiple}
    if multiplier is not None:
        params["ffn_dim_multiplier"] = multiplier
    params["n_heads"] = architecture.n_heads
    if architecture.n_kv_heads != architecture.n_heads:
        params["n_kv_heads"] = architecture.n_kv_heads
    params |= {"n_layers": architecture.n_layers, "norm_eps": architecture.norm_eps, "vocab_size": -1}
    if architecture.rope_theta != 10_000.0:
        params["rope_theta"] = architecture.rope_theta
    if architecture.context_tokens not in (None, USUAL_CONTEXT):
        params["max_seq_len"] = architecture.context_tokens
    return encode(params)


def ffn_width(dim: int, multiple: int, multiplier: float | None) -> int:
    """Two thirds of 4 dim (Shazeer 2020, section 3), scaled where asked, rounded up to a multiple."""
    width = int(8 * dim / 3)
    if multiplier is not None:
        width = int(multiplier * width)
    return -(-width // multiple) * multiple


def _ffn_hidden(params: dict[str, Any], dim: int) -> int:
    multiplier = params.get("ffn_dim_multiplier")
    if multiplier is not None:
        multiplier = number(PARAMS, params, "ffn_dim_multiplier", 100)
    width = ffn_width(dim, count(PARAMS, params, "multiple_of"), multiplier)
    if width < 1:
        raise Unloadable(PARAMS, "has an ffn_dim_multiplier that leaves no feed-forward layer")
    return width


def _width_rule(dim: int, ffn_hidden: int) -> tuple[int, float | None]:
    """`multiple_of` and `ffn_dim_multiplier` that give this width: the plainest pair, so always the same one."""
    for multiple, multiplier in _rules(dim, ffn_hidden):
        if ffn_width(dim, multiple, multiplier) == ffn_hidden:
            return multiple, multiplier
    raise AssertionError("multiple_of 1 with an exact quotient gives any width")


def _rules(dim: int, ffn_hidden: int) -> Iterator[tuple[int, float | None]]:
    yield from ((multiple, None) for multiple in MULTIPLES)
    quotient = ffn_hidden / int(8 * dim / 3)
    for digits in (1, 2, 3):
        rounded = {round(quotient, digits), round(quotient - 10**-digits, digits)}
        yield from ((multiple, scale) for multiple in MULTIPLES for scale in sorted(rounded, reverse=True) if scale > 0)
    yield 1, (ffn_hidden + 0.5) / int(8 * dim / 3)
