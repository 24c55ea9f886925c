"""Every damage to Meta's files is refused with file and tensor named, and nothing in it is executed."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import CheckpointError
from tests.engine import factories
from tests.engine.factories import refusal
from tests.engine.reference import Array, Params

Shard = dict[str, torch.Tensor]
WQ = "layers.1.attention.wq.weight"
NORM = "layers.0.ffn_norm.weight"


def alter(folder: Path, change: Callable[[Shard], object], rank: int = 1) -> Path:
    file = folder / f"consolidated.{rank:02d}.pth"
    shard = torch.load(file, weights_only=True)
    change(shard)
    torch.save(shard, file)
    return file


def put(name: str, value: object) -> Callable[[Shard], object]:
    return lambda shard: shard.__setitem__(name, value)  # type: ignore[assignment]


def with_value(number: float) -> Callable[[Shard], object]:
    return lambda shard: shard[WQ].view(-1).__setitem__(5, number)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        (WQ, lambda shard: shard.pop(WQ), "missing"),
        (WQ, put(WQ, torch.zeros(48, 48)), r"shape \[48, 48\] instead of \[24, 48\]"),
        (WQ, put(WQ, torch.zeros(48, 24)), "shape"),
        (WQ, put(WQ, torch.zeros(24 * 48)), "shape"),
        (WQ, put(WQ, torch.zeros(24, 48, dtype=torch.float64)), "dtype"),
        (WQ, put(WQ, torch.zeros(24, 48, dtype=torch.int8)), "dtype"),
        (WQ, put(WQ, torch.zeros(24, 48).to_sparse()), "not a plain tensor"),
        (WQ, put(WQ, torch.zeros(24, 48, device="meta")), "not a plain tensor"),
        (WQ, put(WQ, [0.0]), "not a plain tensor"),
        (WQ, with_value(float("nan")), "NaN or infinity"),
        (WQ, with_value(float("-inf")), "NaN or infinity"),
        ("lora.weight", put("lora.weight", torch.zeros(3)), "does not belong"),
        (NORM, put(NORM, torch.zeros(48)), "differs from the same tensor"),
    ],
)
def test_a_damaged_tensor_is_refused_by_file_and_name(
    own_checkpoint: Path, name: str, change: Callable[[Shard], object], reason: str
) -> None:
    file = alter(own_checkpoint, change)
    error = refusal(own_checkpoint)
    assert (error.file, error.tensor) == (file, name)
    with pytest.raises(CheckpointError, match=reason):
        raise error


def test_values_beyond_the_chosen_dtype_are_refused(own_checkpoint: Path) -> None:
    alter(own_checkpoint, with_value(1e6))
    with pytest.raises(CheckpointError, match="infinity as torch"):
        Engine.load(own_checkpoint, EngineConfig(dtype="float16", max_batch_size=1))


@pytest.mark.parametrize("kept", [0, 1, 1000, 60_000, -1])
def test_a_truncated_file_is_refused(own_checkpoint: Path, kept: int) -> None:
    file = own_checkpoint / "consolidated.00.pth"
    file.write_bytes(file.read_bytes()[:kept])
    assert refusal(own_checkpoint).file == file


class Bomb:
    """Unpickled by a careless reader, it creates a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("disguise", ["torch", "plain pickle", "inside a tensor dictionary"])
def test_a_hostile_pickle_is_refused_and_not_executed(own_checkpoint: Path, tmp_path: Path, disguise: str) -> None:
    file, mark = own_checkpoint / "consolidated.01.pth", tmp_path / "executed"
    if disguise == "torch":
        torch.save(Bomb(mark), file)
    elif disguise == "plain pickle":
        file.write_bytes(pickle.dumps(Bomb(mark)))
    else:
        alter(own_checkpoint, put(WQ, Bomb(mark)))
    error = refusal(own_checkpoint)
    assert error.file == file
    assert "weights_only" not in str(error), "PyTorch's advice to switch the protection off must not be passed on"
    assert not mark.exists()


def test_archives_and_folders_that_are_no_checkpoint_are_refused(own_checkpoint: Path) -> None:
    file = own_checkpoint / "consolidated.00.pth"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": 1}))
    assert refusal(own_checkpoint).file == file
    torch.save([torch.zeros(2)], file)
    assert "dictionary" in refusal(own_checkpoint).reason
    file.unlink()
    file.mkdir()
    assert refusal(own_checkpoint).file == file
    file.rmdir()
    os.mkfifo(file)
    assert refusal(own_checkpoint).reason == "is not a file"


def test_a_gap_in_the_shards_is_refused(own_checkpoint: Path) -> None:
    (own_checkpoint / "consolidated.01.pth").rename(own_checkpoint / "consolidated.02.pth")
    assert refusal(own_checkpoint).file.name == "consolidated.01.pth"


@pytest.mark.parametrize("name", ["consolidated.00.pth", "params.json", "tokenizer.model"])
def test_a_missing_file_is_named(own_checkpoint: Path, name: str) -> None:
    (own_checkpoint / name).unlink()
    assert refusal(own_checkpoint).file.name == name


def test_a_shard_too_few_or_too_many_is_refused(own_checkpoint: Path) -> None:
    (own_checkpoint / "consolidated.01.pth").unlink()
    assert "shape" in refusal(own_checkpoint).reason
    for rank in range(1, 7):
        (own_checkpoint / f"consolidated.{rank:02d}.pth").write_bytes(b"")
    assert "7 files" in refusal(own_checkpoint).reason


def test_a_tokenizer_of_another_size_is_refused(
    tmp_path: Path, tokenizer_file: Path, weights: dict[str, Array], params: Params
) -> None:
    weights = weights | {
        "output.weight": weights["output.weight"][:-8],
        "tok_embeddings.weight": weights["tok_embeddings.weight"][:-8],
    }
    folder = factories.write_checkpoint(tmp_path / "m", tokenizer_file, params, weights)
    assert refusal(folder).tensor in ("tok_embeddings.weight", "output.weight")


def test_shards_of_half_precision_load_like_their_rounded_values(own_checkpoint: Path) -> None:
    for rank in (0, 1):
        alter(own_checkpoint, lambda s: s.update({n: t.half() for n, t in s.items()}), rank)
    engine = Engine.load(own_checkpoint, EngineConfig(max_batch_size=1))
    assert factories.run(engine, "Call me", max_tokens=4).completion_token_count > 0
