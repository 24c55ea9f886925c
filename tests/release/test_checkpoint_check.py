"""Sound checkpoints pass; damaged and hostile ones are refused by file and tensor, and run nothing.

Findings are tested in this process, where torch is loaded once; the process of its own and its limits at the end.
"""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from release.checkpoint import checkpoint_shape
from release.checkpoint_check import Unloadable, check
from release.errors import ReleaseFilesError
from tests.release import checkpoints


class Hostile:
    """Pickles as a command that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.trace}",)


def _changed(**tensors: Any) -> dict[str, Any]:
    return {**checkpoints.tensors(), **{name.replace("__", "."): value for name, value in tensors.items()}}


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in checkpoints.tensors().items() if key != name}


def test_a_sound_checkpoint_has_the_shape_of_its_params(tmp_path: Path) -> None:
    shape, parameters = check(checkpoints.write(tmp_path))
    assert (shape.dim, shape.n_layers, shape.ffn_hidden, shape.vocab_size) == (64, 2, 192, checkpoints.VOCAB)
    assert parameters == checkpoints.PARAMETERS == sum(t.numel() for t in checkpoints.tensors().values())


def test_two_shards_make_one_model(tmp_path: Path) -> None:
    shape, parameters = check(checkpoints.write(tmp_path, checkpoints.tensors(2), checkpoints.tensors(2)))
    assert (shape.shards, parameters) == (2, checkpoints.PARAMETERS)


def test_the_tokenizer_may_lie_one_folder_up_as_meta_has_it(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "7B")
    (folder / "tokenizer.model").rename(tmp_path / "tokenizer.model")
    checkpoints.write_sums(folder)
    assert check(folder)[0].vocab_size == checkpoints.VOCAB


SHARDS: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: _without("norm.weight"), "norm.weight", "is missing"),
    (lambda: _changed(extra__weight=torch.ones(1)), "extra.weight", "does not belong"),
    (lambda: _changed(norm__weight=torch.ones(63)), "norm.weight", "has shape [63] instead of [64]"),
    (lambda: _changed(norm__weight=torch.ones(64, dtype=torch.int8)), "norm.weight", "numbers of type torch.int8"),
    (lambda: _changed(norm__weight=torch.full((64,), float("nan"))), "norm.weight", "NaN"),
    (lambda: _changed(norm__weight=torch.ones(64).to_sparse()), "norm.weight", "not a plain tensor"),
    (lambda: _changed(norm__weight="text"), "norm.weight", "not a plain tensor"),
    (lambda: [1, 2], "", "does not hold a dictionary"),
]


@pytest.mark.parametrize(("shard", "tensor", "reason"), SHARDS)
def test_a_wrong_shard_is_named_with_its_tensor(
    tmp_path: Path, shard: Callable[[], Any], tensor: str, reason: str
) -> None:
    with pytest.raises(Unloadable) as found:
        check(checkpoints.write(tmp_path, shard()))
    assert (found.value.file, found.value.tensor) == ("consolidated.00.pth", tensor)
    assert reason in found.value.reason


def test_shards_that_disagree_on_a_shared_tensor_are_refused(tmp_path: Path) -> None:
    other = {**checkpoints.tensors(2), "norm.weight": torch.zeros(64, dtype=torch.float16)}
    with pytest.raises(Unloadable, match="differs") as found:
        check(checkpoints.write(tmp_path, checkpoints.tensors(2), other))
    assert (found.value.file, found.value.tensor) == ("consolidated.01.pth", "norm.weight")


@pytest.mark.parametrize("protocol", ["zip", "old"])
def test_code_in_a_weight_file_is_never_run(tmp_path: Path, protocol: str) -> None:
    folder, trace = checkpoints.write(tmp_path / "model"), tmp_path / "trace"
    torch.save({"norm.weight": Hostile(trace)}, folder / "consolidated.00.pth")
    if protocol == "old":
        (folder / "consolidated.00.pth").write_bytes(pickle.dumps(Hostile(trace)))
    checkpoints.write_sums(folder)
    with pytest.raises(Unloadable, match="carries code"):
        check(folder)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"dim": 65}, "heads of even size"),
        ({"n_layers": 0}, "n_layers"),
        ({"n_layers": 3}, "is missing"),
        ({"dim": "64"}, "must give dim"),
        ({"dim": True}, "must give dim"),
        ({"n_heads": 10**30}, "n_heads"),
        ({"vocab_size": 7}, "says vocab_size 7"),
        ({"n_kv_heads": 3}, "for keys"),
        ({"multiple_of": 256}, "has shape"),
        ({"ffn_dim_multiplier": "x"}, "ffn_dim_multiplier"),
    ],
)
def test_params_that_do_not_fit_are_refused(tmp_path: Path, params: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unloadable) as found:
        check(checkpoints.write(tmp_path, params={**checkpoints.PARAMS, **params}))
    assert reason in found.value.reason


@pytest.mark.parametrize("name", ["params.json", "tokenizer.model", "checklist.chk", "consolidated.00.pth"])
@pytest.mark.parametrize("damage", ["missing", "empty", "noise", "cut"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: str) -> None:
    folder = checkpoints.write(tmp_path)
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    if damage != "missing":
        (folder / name).write_bytes({"empty": b"", "noise": b"\xff\x00" * 50, "cut": content[:40]}[damage])
    if name != "checklist.chk":
        checkpoints.write_sums(folder)
    with pytest.raises(Unloadable) as found:
        check(folder)
    assert name in (found.value.file, *found.value.reason.split())


def test_a_flipped_bit_is_found_by_the_checklist(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path)
    content = bytearray((folder / "consolidated.00.pth").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "consolidated.00.pth").write_bytes(content)
    with pytest.raises(Unloadable, match="has MD5") as found:
        check(folder)
    assert found.value.file == "consolidated.00.pth"


@pytest.mark.parametrize("line", ["", "x", "0" * 32 + "  ../../etc/passwd", "0" * 32 + "  a b"])
def test_a_checklist_that_is_empty_or_points_elsewhere_is_refused(tmp_path: Path, line: str) -> None:
    folder = checkpoints.write(tmp_path)
    (folder / "checklist.chk").write_text(line + "\n" if line else "")
    with pytest.raises(Unloadable) as found:
        check(folder)
    assert found.value.file == "checklist.chk"


def test_the_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    sound = checkpoints.write(tmp_path / "sound")
    assert checkpoint_shape(sound).dimensions["parameters"] == checkpoints.PARAMETERS
    (sound / "params.json").write_text("[")
    checkpoints.write_sums(sound)
    with pytest.raises(ReleaseFilesError, match=r"params\.json"):
        checkpoint_shape(sound)


def test_a_small_file_that_unpacks_to_gigabytes_is_stopped(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path)
    target = folder / "consolidated.00.pth"
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
        bomb.open("archive/data.pkl", "w", force_zip64=True) as member,
    ):
        for _ in range(3 * 1024):
            member.write(bytes(1024 * 1024))
    checkpoints.write_sums(folder)
    with pytest.raises(ReleaseFilesError) as refused:
        checkpoint_shape(folder)
    assert refused.value.code == "checkpoint_unloadable"
