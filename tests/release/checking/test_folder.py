"""Sound checkpoints pass; damaged and hostile ones are refused by file and tensor, and run nothing.

Findings are tested in this process; the process of its own at the end, its limits in test_sandbox.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from release.checking.folder import check
from release.checkpoint import checkpoint_shape
from release.client.manifest import Layout
from release.errors import ReleaseFilesError
from release.layouts.errors import Unloadable
from tests.release import checkpoints


def _changed(**tensors: Any) -> dict[str, Any]:
    return {**checkpoints.tensors(), **{name.replace("__", "."): value for name, value in tensors.items()}}


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in checkpoints.tensors().items() if key != name}


def test_a_sound_checkpoint_has_the_shape_of_its_params(tmp_path: Path) -> None:
    found = check(checkpoints.write(tmp_path))
    assert found.dimensions == {
        "dim": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "ffn_hidden": 192, "vocab_size": checkpoints.VOCAB,
        "parameters": checkpoints.PARAMETERS, "shards": 1,
    }  # fmt: skip
    assert (found.dtype, found.layouts) == ("float16", frozenset({Layout.META}))
    assert sum(t.numel() for t in checkpoints.tensors().values()) == checkpoints.PARAMETERS


@pytest.mark.parametrize("shards", [2, 4])
def test_several_shards_make_one_model(tmp_path: Path, shards: int) -> None:
    found = check(checkpoints.write(tmp_path, *[checkpoints.tensors(shards)] * shards)).dimensions
    assert (found["shards"], found["parameters"]) == (shards, checkpoints.PARAMETERS)


@pytest.mark.parametrize(("shards", "reason"), [(3, "1, 2, 4 or 8"), (8, "shards cannot share")])
def test_a_number_of_shards_that_cannot_be_is_refused(tmp_path: Path, shards: int, reason: str) -> None:
    with pytest.raises(Unloadable, match=reason):
        check(checkpoints.write(tmp_path, *[checkpoints.tensors(2)] * shards))


def test_the_tokenizer_may_lie_one_folder_up_as_meta_has_it(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "7B")
    (folder / "tokenizer.model").rename(tmp_path / "tokenizer.model")
    checkpoints.write_sums(folder)
    assert check(folder).dimensions["vocab_size"] == checkpoints.VOCAB


def test_a_tensor_is_named_so_that_its_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    name = "\x1b[2J\x1b]0;owned\x07"
    folder = checkpoints.write(tmp_path, {**checkpoints.tensors(), name: torch.ones(1)})
    with pytest.raises(ReleaseFilesError, match="does not belong") as refused:
        checkpoint_shape(folder)
    assert refused.value.explanation.isprintable()


def test_a_list_of_sums_is_checked_where_there_is_one(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path)
    (folder / "checklist.chk").unlink()
    assert check(folder).dimensions["parameters"] == checkpoints.PARAMETERS


SHARDS: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: _without("norm.weight"), "norm.weight", "is missing"),
    (lambda: _changed(extra__weight=torch.ones(1)), "extra.weight", "does not belong"),
    (lambda: _changed(norm__weight=torch.ones(63)), "norm.weight", "has shape [63] instead of [64]"),
    (lambda: _changed(norm__weight=torch.ones(64, dtype=torch.int8)), "norm.weight", "numbers of type char"),
    (lambda: _changed(norm__weight=torch.full((64,), float("nan"))), "norm.weight", "NaN"),
    (lambda: _changed(norm__weight=torch.ones(64).to_sparse()), "", "_rebuild_sparse_tensor"),
    (lambda: _changed(norm__weight=torch.ones(64, dtype=torch.float64)), "norm.weight", "numbers of type double"),
    (lambda: _changed(norm__weight=torch.ones(64, device="meta")), "", "holds more than plain tensors"),
    (lambda: _changed(norm__weight=torch.ones(128)[::2]), "norm.weight", "a view of another tensor"),
    (lambda: _changed(norm__weight="text"), "norm.weight", "not a plain tensor"),
    (lambda: torch.ones(2), "", "does not hold a dictionary"),
    (lambda: [1, 2], "", "holds more than plain tensors"),
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


DAMAGED = [
    (name, damage)
    for name in ("params.json", "tokenizer.model", "checklist.chk", "consolidated.00.pth")
    for damage in ("missing", "empty", "noise", "cut")
    if (name, damage) != ("checklist.chk", "missing")  # not every release has one
]


@pytest.mark.parametrize(("name", "damage"), DAMAGED)
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
    found = checkpoint_shape(sound)
    assert found.dimensions["parameters"] == checkpoints.PARAMETERS
    assert found.network in ("namespace", "audit hook")
    (sound / "params.json").write_text("[")
    checkpoints.write_sums(sound)
    with pytest.raises(ReleaseFilesError, match=r"params\.json"):
        checkpoint_shape(sound)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "modeling.py", "sub/consolidated.00.pth", "OPTIMIZER.PT"])
def test_formats_that_can_carry_code_have_no_place_in_a_release(tmp_path: Path, name: str) -> None:
    folder = checkpoints.write(tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    with pytest.raises(Unloadable, match="can carry code") as found:
        check(folder)
    assert found.value.file == name


def _as_meta_ships_it(tmp_path: Path) -> Path:
    """The weights in `7B`, the tokenizer beside that folder."""
    folder = checkpoints.write(tmp_path / "7B")
    (folder / "tokenizer.model").rename(tmp_path / "tokenizer.model")
    checkpoints.write_sums(folder)
    return folder


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "modeling.py", "13B/optimizer.pt", "consolidated.01.pth", "7B/CONSOLIDATED.01.PTH"]
)
def test_formats_that_can_carry_code_have_no_place_beside_the_folder_of_the_weights_either(
    tmp_path: Path, name: str
) -> None:
    folder = _as_meta_ships_it(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ReleaseFilesError, match="can carry code") as found:
        checkpoint_shape(folder, within=tmp_path)
    assert found.value.path == name


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "13B/model.safetensors",
        "tokenizer_config.json",
        "7B/sub/a.safetensors",
        "7B/a.SafeTensors",
        "13B/checklist.chk",
    ],
)
def test_what_loaders_read_is_published_only_from_where_it_was_checked(tmp_path: Path, name: str) -> None:
    folder = _as_meta_ships_it(tmp_path)
    for text in ("LICENSE", "README.md", "tokenizer_checklist.chk", "7B/USE_POLICY.md"):
        (tmp_path / text).write_text("Read me.")
    assert check(folder, within=tmp_path).dimensions["parameters"] == checkpoints.PARAMETERS
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(Unloadable, match="would go out unchecked") as found:
        check(folder, within=tmp_path)
    assert found.value.file == name


def test_a_link_and_a_pipe_are_refused_unread(tmp_path: Path) -> None:
    for name, make in (("a", lambda path: path.symlink_to("/dev/zero")), ("b", os.mkfifo)):
        folder = checkpoints.write(tmp_path / name)
        make(folder / "README.md")
        with pytest.raises(Unloadable, match="link or not a plain file"):
            check(folder)


def test_a_terabyte_of_holes_is_refused_unread(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path)
    with (folder / "consolidated.00.pth").open("r+b") as file:
        file.truncate(10**12)
    with pytest.raises(ReleaseFilesError, match=r"consolidated\.00\.pth.*larger than"):
        checkpoint_shape(folder)


def test_a_record_that_its_crc_does_not_fit_is_found_without_a_list_of_sums(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path)
    (folder / "checklist.chk").unlink()
    content = bytearray((folder / "consolidated.00.pth").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "consolidated.00.pth").write_bytes(content)
    with pytest.raises(Unloadable, match="CRC"):
        check(folder)
