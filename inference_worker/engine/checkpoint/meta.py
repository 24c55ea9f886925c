"""Meta's weight files: `consolidated.NN.pth`, each with a share of every parameter, as model parallelism cut them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..errors import CheckpointError
from .part import FILE_AXIS, Region, kind, size_of
from .piece import Piece, check_names, check_tensor

Shape = tuple[int, ...]

# PyTorch reads the directory of an archive into memory before it looks at anything.
MAX_BYTES_OF_NUMBER = 4
MAX_BYTES_BESIDE_NUMBERS = 64 << 20


def shard_files(folder: Path) -> list[Path]:
    """`consolidated.00.pth` and what follows, in order; raises CheckpointError for a gap."""
    found = {path.name for path in folder.glob("consolidated.*.pth")}
    files = [folder / f"consolidated.{rank:02d}.pth" for rank in range(max(1, len(found)))]
    for file in files:
        if file.name not in found:
            raise CheckpointError(file, "the file is missing")
    return files


def pieces(folder: Path, shapes: Mapping[str, Shape]) -> Iterator[Piece]:
    """The share of each parameter in each shard; a shard is checked as a whole before its first."""
    files = shard_files(folder)
    numbers = sum(torch.Size(shape).numel() for shape in shapes.values())
    for rank, file in enumerate(files):
        regions = {name: _region(file, name, shape, rank, len(files)) for name, shape in shapes.items()}
        shard = _read_shard(file, numbers * MAX_BYTES_OF_NUMBER + MAX_BYTES_BESIDE_NUMBERS)
        check_names(file, shard, shapes)
        for name, region in regions.items():
            check_tensor(file, name, shard[name], size_of(region))
        for name, region in regions.items():
            yield Piece(file, name, name, shard.pop(name), region)


def _read_shard(file: Path, max_bytes: int) -> dict[str, Tensor]:
    """Mapped into memory, so nothing but the names is read yet."""
    if not file.is_file():
        raise CheckpointError(file, "is not a file")
    if file.stat().st_size > max_bytes:
        raise CheckpointError(file, "is larger than a model of these parameters")
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


def _region(file: Path, name: str, shape: Shape, rank: int, count: int) -> Region:
    """Which part of a parameter of `shape` shard `rank` of `count` holds."""
    axis = FILE_AXIS.get(kind(name))
    if axis is None:
        return tuple(range(size) for size in shape)
    if shape[axis] % count:
        raise CheckpointError(file, f"its {shape[axis]} rows do not divide over {count} files", tensor=name)
    share = shape[axis] // count
    return tuple(range(rank * share, (rank + 1) * share) if i == axis else range(n) for i, n in enumerate(shape))
