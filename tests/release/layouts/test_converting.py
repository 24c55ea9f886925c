"""Conversion keeps every bit, writes the same bytes each time, and leaves all or nothing."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from release.checking.folder import check
from release.client.manifest import Layout
from release.layouts.converting import to_hf, to_meta
from release.layouts.errors import ConversionRefusedError, Unloadable
from release.layouts.safetensors import write_tensors
from release.layouts.tensors import BLOCK_BYTES, DType, Merged
from tests.release.layouts import tiny

DTYPES = [torch.float16, torch.bfloat16, torch.float32]
HF_NAMES = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@given(
    seed=st.integers(0, 1000),
    dtype=st.sampled_from(DTYPES),
    before=st.sampled_from([1, 2, 4, 8]),
    after=st.sampled_from([1, 2, 4, 8]),
    heads=st.sampled_from([(64, 8, 8), (96, 8, 8), (64, 16, 8), (128, 8, 8)]),
    layers=st.integers(1, 3),
    file_bytes=st.sampled_from([5_000_000_000, 60_000]),
)
@settings(max_examples=12, deadline=None)
def test_there_and_back_every_bit_is_the_same(
    seed: int, dtype: torch.dtype, before: int, after: int, heads: tuple[int, int, int], layers: int, file_bytes: int
) -> None:
    dim, n_heads, n_kv_heads = heads
    params = {**tiny.PARAMS, "dim": dim, "n_heads": n_heads, "n_kv_heads": n_kv_heads, "n_layers": layers}
    weights = tiny.random_weights(params, dtype, seed)
    with tempfile.TemporaryDirectory() as place:
        first = tiny.write_meta(Path(place, "first"), weights, params, before)
        to_hf(first, Path(place, "hf"), file_bytes=file_bytes)
        to_meta(Path(place, "hf"), Path(place, "second"), shards=after)
        assert tiny.same_bits(tiny.read_meta(Path(place, "second")), weights)
        assert len(list(Path(place, "second").glob("*.pth"))) == after
        to_hf(first, first, file_bytes=file_bytes)
        assert check(first).layouts == {Layout.META, Layout.HF}


@pytest.mark.parametrize("said", [{}, {"max_seq_len": 512}, {"max_seq_len": 4096}])
def test_the_description_comes_back_as_it_was_with_a_context_only_where_it_says_one(
    tmp_path: Path, said: dict[str, int]
) -> None:
    """Meta's own code takes the context from its caller and breaks on a second one that the file says."""
    weights = tiny.random_weights(tiny.PARAMS, torch.bfloat16)
    to_hf(tiny.write_meta(tmp_path / "first", weights, {**tiny.PARAMS, **said}), tmp_path / "hf")
    to_meta(tmp_path / "hf", tmp_path / "second")
    assert ("max_seq_len" in json.loads((tmp_path / "second" / "params.json").read_text())) == bool(said)
    to_hf(tmp_path / "second", tmp_path / "hf-again")
    to_meta(tmp_path / "hf-again", tmp_path / "third")
    assert _digests(tmp_path / "hf-again") == _digests(tmp_path / "hf")
    assert _digests(tmp_path / "third") == _digests(tmp_path / "second")


def test_the_query_rows_follow_the_formula_and_all_else_stays(tmp_path: Path) -> None:
    params = {**tiny.PARAMS, "n_kv_heads": 2}
    weights = tiny.random_weights(params, torch.bfloat16)
    to_hf(tiny.write_meta(tmp_path / "meta", weights, params), tmp_path / "hf")
    found = load_file(tmp_path / "hf" / "model.safetensors")
    size = params["dim"] // params["n_heads"]
    for meta, hf, heads in (("wq", "q_proj", 8), ("wk", "k_proj", 2)):
        source, target = weights[f"layers.1.attention.{meta}.weight"], found[f"model.layers.1.self_attn.{hf}.weight"]
        for h in range(heads):
            for s in (0, 1):
                for i in range(size // 2):
                    assert torch.equal(target[h * size + s * size // 2 + i], source[h * size + 2 * i + s])
    assert torch.equal(found["model.layers.1.self_attn.v_proj.weight"], weights["layers.1.attention.wv.weight"])
    assert torch.equal(found["model.layers.0.mlp.down_proj.weight"], weights["layers.0.feed_forward.w2.weight"])
    assert torch.equal(found["lm_head.weight"], weights["output.weight"])


def test_norms_in_other_numbers_than_the_rest_stay_so(tmp_path: Path) -> None:
    weights = tiny.random_weights(tiny.PARAMS, torch.bfloat16)
    weights = {name: tensor.float() if tensor.ndim == 1 else tensor for name, tensor in weights.items()}
    to_hf(tiny.write_meta(tmp_path / "meta", weights, shards=2), tmp_path / "hf")
    assert json.loads((tmp_path / "hf" / "config.json").read_text())["torch_dtype"] == "bfloat16"
    to_meta(tmp_path / "hf", tmp_path / "back", shards=4)
    assert tiny.same_bits(tiny.read_meta(tmp_path / "back"), weights)


def test_two_runs_write_the_same_bytes_wherever_they_run(tmp_path: Path) -> None:
    weights = tiny.random_weights(tiny.PARAMS, torch.float16)
    weights = {name: torch.arange(tensor.numel()).reshape(tensor.shape).half() for name, tensor in weights.items()}
    for name, shards in (("a", 1), ("b", 4)):
        to_hf(tiny.write_meta(tmp_path / name, weights, shards=shards), tmp_path / f"hf-{name}")
        to_meta(tmp_path / f"hf-{name}", tmp_path / f"meta-{name}", shards=2)
    assert _digests(tmp_path / "hf-a") == _digests(tmp_path / "hf-b")
    assert _digests(tmp_path / "meta-a") == _digests(tmp_path / "meta-b")
    # Numbers that no library chose: they may change with a decision only, for published releases rest on them.
    assert _digests(tmp_path / "hf-a")["model.safetensors"] == SAFETENSORS_SHA256
    assert _digests(tmp_path / "meta-a")["consolidated.01.pth"] == SHARD_SHA256


SAFETENSORS_SHA256 = "373800976f4373c6b24ba4181e55dc220d2f5bbded719bacc9920f898cc2dd4a"
SHARD_SHA256 = "8a8483bb20336028963bb23ee333a13a0bf7ebd02fd83fe0e78be4771e1bac60"


@dataclass(frozen=True)
class Endless:
    """A tensor that lies nowhere, as large as one likes."""

    shape: tuple[int, ...]
    dtype: DType = DType.BF16

    def rows(self, start: int, stop: int) -> bytes:
        return bytes((stop - start) * self.shape[1] * 2)


def test_a_gigabyte_passes_through_a_few_blocks_of_memory() -> None:
    part = Endless((65_536, 1024))
    tensors = {"side": Merged((part,) * 4, 1), "stacked": Merged((part,) * 4, 0)}
    tracemalloc.start()
    with open(os.devnull, "wb") as nowhere:
        write_tensors(nowhere, tensors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * BLOCK_BYTES


def test_an_index_names_each_tensor_once_and_files_stay_below_their_limit(tmp_path: Path) -> None:
    weights = tiny.random_weights(tiny.PARAMS, torch.bfloat16)
    to_hf(tiny.write_meta(tmp_path / "meta", weights), tmp_path / "hf", file_bytes=50_000)
    index = json.loads((tmp_path / "hf" / "model.safetensors.index.json").read_text())
    files = sorted({*index["weight_map"].values()})
    assert files == [f"model-{n + 1:05d}-of-{len(files):05d}.safetensors" for n in range(len(files))]
    assert len(files) > 1
    assert index["metadata"]["total_size"] == sum(tensor.numel() * 2 for tensor in weights.values())
    assert {name for file in files for name in load_file(tmp_path / "hf" / file)} == set(index["weight_map"])


def test_both_layouts_of_one_folder_share_the_tokenizer(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path, tiny.random_weights(tiny.PARAMS, torch.bfloat16), shards=2)
    before = _digests(folder)
    to_hf(folder, folder)
    after = _digests(folder)
    assert after.keys() - before.keys() == HF_NAMES
    assert {name: after[name] for name in before} == before


def test_the_list_of_sums_covers_every_file_of_metas_layout(tmp_path: Path) -> None:
    to_hf(tiny.write_meta(tmp_path / "meta", tiny.random_weights(tiny.PARAMS, torch.bfloat16)), tmp_path / "hf")
    to_meta(tmp_path / "hf", tmp_path / "back", shards=2)
    done = subprocess.run(
        ["md5sum", "--strict", "-c", "checklist.chk"], cwd=tmp_path / "back", check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(b": OK") == 4


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path, tiny.random_weights(tiny.PARAMS, torch.bfloat16))
    (folder / "tokenizer.json").write_text("{}")
    before = _digests(folder)
    with pytest.raises(ConversionRefusedError, match=r"another tokenizer\.json"):
        to_hf(folder, folder)
    assert _digests(folder) == before
    (folder / "tokenizer.json").unlink()
    to_hf(folder, folder)
    with pytest.raises(ConversionRefusedError, match=r"already holds config\.json"):
        to_hf(folder, folder)
    with pytest.raises(ConversionRefusedError, match=r"already holds params\.json"):
        to_meta(folder, folder)


@pytest.mark.parametrize(
    ("shards", "message"), [(3, "1, 2, 4 or 8"), (0, "1, 2, 4 or 8"), (8, "8 shards cannot share")]
)
def test_shards_that_cannot_be_are_refused_before_anything_is_written(
    tmp_path: Path, shards: int, message: str
) -> None:
    params = {**tiny.PARAMS, "n_kv_heads": 4}
    to_hf(tiny.write_meta(tmp_path / "meta", tiny.random_weights(params, torch.half), params), tmp_path / "hf")
    with pytest.raises((ConversionRefusedError, Unloadable), match=message):
        to_meta(tmp_path / "hf", tmp_path / "back", shards=shards)
    assert not (tmp_path / "back").exists()


def _convert_elsewhere(folder: Path, out: Path, before: str = "", progress: str = "None") -> Any:
    program = f"""
import os, resource, signal, sys
from pathlib import Path
from release.layouts.converting import to_hf
from release.layouts.errors import ConversionRefusedError
calls = []
{before}
try:
    to_hf(Path(sys.argv[1]), Path(sys.argv[2]), progress=lambda path, size: (calls.append(size), {progress}))
except ConversionRefusedError as refused:
    sys.exit(str(refused))
"""
    command = [sys.executable, "-c", program, str(folder), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_run_that_is_killed_leaves_nothing_and_the_next_one_ends_it(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path / "meta", tiny.random_weights(tiny.PARAMS, torch.bfloat16))
    to_hf(folder, tmp_path / "clean")
    out = tmp_path / "out"
    killed = _convert_elsewhere(folder, out, progress="len(calls) == 9 and os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in out.iterdir()] == [".converting"]
    to_hf(folder, out)
    assert _digests(out) == _digests(tmp_path / "clean")


def test_a_run_that_was_killed_between_two_names_is_taken_up(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path / "meta", tiny.random_weights(tiny.PARAMS, torch.bfloat16))
    to_hf(folder, tmp_path / "clean")
    to_hf(folder, tmp_path / "out")
    (tmp_path / "out" / "config.json").unlink()
    to_hf(folder, tmp_path / "out")
    assert _digests(tmp_path / "out") == _digests(tmp_path / "clean")


def test_a_disk_that_fills_is_told_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path, tiny.random_weights(tiny.PARAMS, torch.bfloat16))
    before = _digests(folder)
    full = _convert_elsewhere(folder, folder, "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))")
    assert full.returncode == 1
    assert "no space left" in full.stderr
    assert _digests(folder) == before


def test_weights_that_shrink_while_they_are_read_are_noticed(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path / "meta", tiny.random_weights(tiny.PARAMS, torch.bfloat16))
    shard = folder / "consolidated.00.pth"
    with pytest.raises(Unloadable, match="while it was read"):
        to_hf(folder, tmp_path / "hf", progress=lambda path, size: os.truncate(shard, 4096))
    assert not (tmp_path / "hf").exists()


def test_two_conversions_do_not_write_to_one_folder(tmp_path: Path) -> None:
    folder = tiny.write_meta(tmp_path, tiny.random_weights(tiny.PARAMS, torch.bfloat16))

    def second(path: str, size: int) -> None:
        with pytest.raises(ConversionRefusedError, match="Another conversion"):
            to_hf(folder, folder)

    to_hf(folder, folder, progress=second)
    assert check(folder).layouts == {Layout.META, Layout.HF}
