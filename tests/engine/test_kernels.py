"""The compiled kernels against torch's own operations, and packed products against plain ones."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
import torch

from inference_worker.engine.batch import Batch
from inference_worker.engine.config import ModelConfig
from inference_worker.engine.kernels import build, plain
from inference_worker.engine.kernels.chosen import kernels_for
from inference_worker.engine.kernels.cpu import LONG, CpuKernels
from inference_worker.engine.kv_cache import KVCache
from inference_worker.engine.linear import PackedLinear, PlainLinear, linear
from inference_worker.engine.model import rotary_table
from inference_worker.engine.pages import PAGE_TOKENS
from inference_worker.engine.scheduler import Span
from inference_worker.engine.sequence import Request, SamplingOptions, Sequence
from inference_worker.engine.tokenizer import Tokenizer

CPU = torch.device("cpu")
PAGES = 60
SHAPES = [(4, 4, 64), (6, 2, 16), (8, 1, 128), (2, 2, 48)]  # query heads, key heads, size of a head
DTYPES = [torch.float32, torch.bfloat16]
# Lengths before and of each span: alone, across pages, in the middle of one, a first token, and longer than LONG.
SPANS = [(0, 1), (15, 1), (16, 1), (37, 5), (100, 20), (0, 17), (3, LONG + 9), (0, LONG)]

needs_compiler = pytest.mark.skipif(build.load() is None, reason="no C++ compiler here: the torch path is used")


def model_config(heads: int, kv_heads: int, head_dim: int) -> ModelConfig:
    return ModelConfig(
        dim=heads * head_dim, n_layers=2, n_heads=heads, n_kv_heads=kv_heads, multiple_of=16, norm_eps=1e-5,
        vocab_size=320, context_tokens=256,
    )  # fmt: skip


def batch_of(tokenizer: Tokenizer, lengths: list[tuple[int, int]]) -> Batch:
    """Spans of sequences whose pages lie in no order."""
    free = random.Random(1).sample(range(PAGES), PAGES)
    spans = []
    for number, (start, count) in enumerate(lengths):
        sequence = Sequence(number, Request((7,) * (start + count), SamplingOptions()), tokenizer)
        sequence.pages = [free.pop() for _ in range(-(-(start + count) // PAGE_TOKENS))]
        spans.append(Span(sequence, start, count))
    return Batch.of(spans, CPU)


def filled(config: ModelConfig, dtype: torch.dtype, batch: Batch) -> KVCache:
    """With numbers where the spans' sequences have tokens already, and NaN wherever nobody has written."""
    cache = KVCache(config, pages=PAGES, device=CPU, dtype=dtype)
    cache.keys.fill_(torch.nan)
    cache.values.fill_(torch.nan)
    for span in batch.spans:
        for position in range(span.start):
            page, place = span.sequence.pages[position // PAGE_TOKENS], position % PAGE_TOKENS
            cache.keys[:, page, :, :, place].normal_()
            cache.values[:, page, :, place].normal_()
    return cache


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_attention_is_that_of_torch_and_stores_the_same(
    tokenizer: Tokenizer, shape: tuple[int, int, int], dtype: torch.dtype
) -> None:
    heads, kv_heads, head_dim = shape
    config, batch = model_config(*shape), batch_of(tokenizer, SPANS)
    kernels = CpuKernels.load(dtype)
    assert kernels is not None
    torch.manual_seed(3)
    caches = filled(config, dtype, batch), KVCache(config, pages=PAGES, device=CPU, dtype=dtype)
    for name in ("keys", "values"):
        getattr(caches[1], name).copy_(getattr(caches[0], name))
    rotary = rotary_table(config)
    qkv = torch.randn(len(batch.tokens), (heads + 2 * kv_heads) * head_dim).to(dtype)
    ours, torchs = (
        each.attend(qkv.clone(), rotary, 1, batch, cache) for each, cache in zip((kernels, plain), caches, strict=True)
    )
    tolerance = {"atol": 2e-6, "rtol": 1e-5} if dtype == torch.float32 else {"atol": 2e-2, "rtol": 2e-2}
    torch.testing.assert_close(ours, torchs, **tolerance)
    for name in ("keys", "values"):
        stored = (getattr(cache, name) for cache in caches)
        torch.testing.assert_close(*stored, equal_nan=True, **tolerance)


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 7, 4000])
def test_norms_are_those_of_torch(rows: int, dtype: torch.dtype) -> None:
    kernels = CpuKernels.load(dtype)
    assert kernels is not None
    torch.manual_seed(4)
    x, gain = (torch.randn(rows, 48) * 10).to(dtype), torch.rand(48).to(dtype)
    tolerance = {"atol": 1e-6, "rtol": 1e-5} if dtype == torch.float32 else {"atol": 1e-2, "rtol": 1e-2}
    torch.testing.assert_close(kernels.rms_norm(x, gain, 1e-5), plain.rms_norm(x, gain, 1e-5), **tolerance)


@needs_compiler
def test_scores_as_far_apart_as_floats_go_give_shares_that_add_up(tokenizer: Tokenizer) -> None:
    config, batch = model_config(1, 1, 16), batch_of(tokenizer, [(40, 1)])
    kernels = CpuKernels.load(torch.float32)
    assert kernels is not None
    cache = filled(config, torch.float32, batch)
    cache.keys.mul_(1e18)
    cache.values.nan_to_num_(0).mul_(0).add_(1)
    qkv = torch.ones(1, 48)
    assert kernels.attend(qkv, rotary_table(config), 0, batch, cache).tolist() == [[1.0] * 16]


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_is_passed_on_and_not_swallowed(tokenizer: Tokenizer, dtype: torch.dtype) -> None:
    config, batch = model_config(1, 1, 16), batch_of(tokenizer, [(20, 1)])
    kernels = CpuKernels.load(dtype)
    assert kernels is not None
    cache = filled(config, dtype, batch)
    cache.keys[0, batch.spans[0].sequence.pages[0], 0, 3, 5] = torch.nan
    assert kernels.attend(torch.ones(1, 48).to(dtype), rotary_table(config), 0, batch, cache).isnan().any()
    x = torch.tensor([[1.0, torch.nan]]).to(dtype)
    assert kernels.rms_norm(x, torch.ones(2).to(dtype), 1e-5).isnan().any()


def test_without_a_compiler_the_torch_path_is_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert CpuKernels.load(torch.float32) is None
    assert "there is no C++ compiler" in caplog.text


@needs_compiler
def test_a_compiler_that_fails_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CXX", "false")
    assert CpuKernels.load(torch.float32) is None
    assert list((tmp_path / "gatehouse-engine").iterdir()) == []


def test_a_home_that_cannot_be_written_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert CpuKernels.load(torch.float32) is None


@needs_compiler
def test_what_was_compiled_is_kept_where_only_we_can_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert build.load() is not None
    [library] = (tmp_path / "gatehouse-engine").iterdir()
    assert os.stat(library.parent).st_mode & 0o077 == 0
    made = library.stat().st_mtime_ns
    assert build.load() is not None
    assert library.stat().st_mtime_ns == made


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 48, 320), (5, 33, 7), (100, 64, 48)])
def test_packed_products_are_plain_products(dtype: torch.dtype, rows: int, inputs: int, outputs: int) -> None:
    torch.manual_seed(5)
    weight, x, other = (torch.randn(shape).to(dtype) for shape in ((outputs, inputs), (rows, inputs), (rows, outputs)))
    with torch.inference_mode():
        packed, plainly = PackedLinear(weight), PlainLinear(weight)
        tolerance = {"atol": 1e-4, "rtol": 1e-4} if dtype == torch.float32 else {"atol": 0.3, "rtol": 3e-2}
        torch.testing.assert_close(packed(x), plainly(x), **tolerance)
        torch.testing.assert_close(packed.swish(x), plainly.swish(x), **tolerance)
        torch.testing.assert_close(packed.times(x, other), plainly.times(x, other), **tolerance)
        torch.testing.assert_close(packed.plus(x, other), plainly.plus(x, other), **tolerance)


def test_heads_of_odd_sizes_take_the_torch_path() -> None:
    assert kernels_for(CPU, torch.float32, 12) is plain


@needs_compiler
def test_heads_of_llama_take_the_compiled_path() -> None:
    assert isinstance(kernels_for(CPU, torch.float32, 128), CpuKernels)


def test_half_precision_is_not_packed_on_a_cpu() -> None:
    assert isinstance(linear(torch.ones(4, 4, dtype=torch.float16)), PlainLinear)
