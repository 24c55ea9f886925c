"""Meta's checkpoint files: the shards merged, and every tensor checked by name, shape and value."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import torch
from torch import Tensor

from inference_worker.engine.config import ModelConfig
from inference_worker.engine.errors import CheckpointError
from inference_worker.engine.model import Transformer, parameter_shapes

CHECKLIST = "checklist.chk"

# The axis along which model parallelism cut a weight [outputs, inputs]; the others are in every shard.
SPLIT_AXIS = {
    "tok_embeddings": 1,
    "wq": 0,
    "wk": 0,
    "wv": 0,
    "wo": 1,
    "w1": 0,
    "w2": 1,
    "w3": 0,
    "output": 0,
}

# Meta's files carry the rotary frequencies too, which follow from params.json.
IGNORED_SUFFIX = "rope.freqs"


def load_model(folder: Path, config: ModelConfig, *, device: torch.device, dtype: torch.dtype) -> Transformer:
    """The model of `consolidated.00.pth` and its further shards, converted to `dtype` on `device`.

    Shards are mapped into memory one after the other. Raises CheckpointError naming file and tensor; nothing
    that a file contains is ever executed.
    """
    shapes = {name: torch.Size(shape) for name, shape in parameter_shapes(config).items()}
    files = shard_files(folder)
    merged: dict[str, Tensor] = {}
    for rank, file in enumerate(files):
        shard = _read_shard(file)
        _check_shard(file, shard, {name: _part_shape(file, name, shapes[name], len(files)) for name in shapes})
        for name, shape in shapes.items():
            if name not in merged:
                merged[name] = torch.empty(shape, device=device, dtype=dtype)
            _place(file, name, shard.pop(name), merged[name], rank)
    with torch.inference_mode():
        return Transformer(config, merged)


def shard_files(folder: Path) -> list[Path]:
    """`consolidated.00.pth` and what follows, in order; raises CheckpointError for a gap."""
    found = {path.name for path in folder.glob("consolidated.*.pth")}
    files = [folder / f"consolidated.{rank:02d}.pth" for rank in range(max(1, len(found)))]
    for file in files:
        if file.name not in found:
            raise CheckpointError(file, "the file is missing")
    return files


def verify_checklist(folder: Path) -> list[str]:
    """Compare the MD5 of each file that `checklist.chk` lists; returns their names.

    Raises CheckpointError for a malformed line, a listed file that is missing or differs, and a weight file
    or params.json that is not listed. MD5 finds accidents, not forgery: for that there are signed manifests.
    """
    checklist = folder / CHECKLIST
    listed = _read_checklist(checklist)
    for name, digest in listed.items():
        file = folder / name
        if not file.is_file():
            raise CheckpointError(file, f"is listed in {CHECKLIST} but missing")
        with file.open("rb") as stream:
            actual = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if actual != digest:
            raise CheckpointError(file, f"has MD5 {actual}, but {CHECKLIST} says {digest}")
    for file in [*shard_files(folder), folder / "params.json"]:
        if file.name not in listed:
            raise CheckpointError(checklist, f"does not list {file.name}")
    return list(listed)


def _read_checklist(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        raise CheckpointError(path, "the file is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(path, f"cannot be read: {error}") from None
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        entry = re.fullmatch(r"([0-9a-fA-F]{32})  ?\*?([\w.-]+)", line.rstrip())
        if entry is None:
            raise CheckpointError(path, f"line {number} is not an MD5 and the name of a file in this folder")
        listed[entry[2]] = entry[1].lower()
    return listed


def _read_shard(file: Path) -> dict[str, Tensor]:
    try:
        shard = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # a damaged or hostile file provokes almost any of them
        raise CheckpointError(
            file,
            "is not an intact PyTorch file of plain tensors: it is cut short, altered, "
            "older than PyTorch 1.6, or carries code",
        ) from None
    if not isinstance(shard, dict):
        raise CheckpointError(file, "does not hold a dictionary of tensors")
    return shard


def _part_shape(file: Path, name: str, shape: torch.Size, shard_count: int) -> torch.Size:
    """Shape of one shard's part of a tensor of `shape`."""
    axis = _split_axis(name)
    if axis is None:
        return shape
    if shape[axis] % shard_count:
        raise CheckpointError(file, f"its {shape[axis]} rows do not divide over {shard_count} files", tensor=name)
    return torch.Size(size // shard_count if i == axis else size for i, size in enumerate(shape))


def _split_axis(name: str) -> int | None:
    return SPLIT_AXIS.get(name.split(".")[-2])


def _check_shard(file: Path, shard: dict[str, Tensor], shapes: dict[str, torch.Size]) -> None:
    for name, shape in shapes.items():
        if name not in shard:
            raise CheckpointError(file, "is missing", tensor=name)
        _check_tensor(file, name, shard[name], shape)
    for name in shard:
        if name not in shapes and not str(name).endswith(IGNORED_SUFFIX):
            raise CheckpointError(file, "does not belong to a LLaMA of these parameters", tensor=str(name)[:100])


def _check_tensor(file: Path, name: str, tensor: object, shape: torch.Size) -> None:
    if not isinstance(tensor, Tensor) or tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise CheckpointError(file, "is not a plain tensor", tensor=name)
    if tensor.shape != shape:
        raise CheckpointError(file, f"has shape {list(tensor.shape)} instead of {list(shape)}", tensor=name)
    if tensor.dtype not in (torch.float16, torch.bfloat16, torch.float32):
        raise CheckpointError(file, f"has dtype {tensor.dtype} instead of a 16 or 32 bit float", tensor=name)


def _place(file: Path, name: str, part: Tensor, whole: Tensor, rank: int) -> None:
    """Copy a shard's part to where it belongs; parts that every shard repeats must agree."""
    axis = _split_axis(name)
    if axis is None:
        if rank > 0 and not torch.equal(part.to(whole), whole):
            raise CheckpointError(file, "differs from the same tensor in consolidated.00.pth", tensor=name)
        target = whole
    else:
        target = whole.narrow(axis, rank * part.shape[axis], part.shape[axis])
    target.copy_(part)
    low, high = target.aminmax()
    # NaN spreads to both ends. Checked after conversion: float16 makes infinity of what it cannot hold.
    if not (low.isfinite() and high.isfinite()):
        raise CheckpointError(file, f"holds NaN or infinity as {whole.dtype}", tensor=name)
