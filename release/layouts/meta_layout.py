"""Weights in Meta's layout: `params.json`, and tensors cut over the shards of model parallelism."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from release.layouts.architecture import Architecture
from release.layouts.errors import Unloadable
from release.layouts.names import PARAMS, SHARD_COUNTS, cut_axis, shard_name
from release.layouts.params import read_params
from release.layouts.pth import Shard, read_shard
from release.layouts.tensors import Cut, Merged, Tensor
from release.layouts.weights import Weights, require_shape


@dataclass(frozen=True)
class MetaWeights(Weights):
    shards: tuple[Shard, ...] = ()

    @property
    def repeated(self) -> dict[str, tuple[Tensor, ...]]:
        """Tensors that every shard holds whole, as each has them."""
        return {
            name: tuple(shard.tensors[name] for shard in self.shards)
            for name in self.tensors
            if cut_axis(name) is None and len(self.shards) > 1
        }


def open_meta(folder: Path, vocab_size: int) -> MetaWeights:
    """Every tensor found and of the right shape; no number of them is read yet. Raises Unloadable."""
    architecture = read_params(folder, vocab_size)
    names = shard_names(folder)
    require_cuts(PARAMS, architecture, len(names))
    shards = tuple(read_shard(folder, name) for name in names)
    shapes = architecture.tensors()
    for shard in shards:
        _check_shard(shard, shapes, shards)
    return MetaWeights(architecture, {name: _whole(name, shards) for name in shapes}, shards=shards)


def shard_names(folder: Path) -> list[str]:
    """`consolidated.00.pth` and so on: 1, 2, 4 or 8 without a gap, and no other `.pth`. Raises Unloadable."""
    found = {path.name for path in folder.glob("*.pth")}
    expected = [shard_name(rank) for rank in range(max(1, len(found)))]
    for name in expected:
        if name not in found:
            raise Unloadable(name, "is missing")
    if len(expected) not in SHARD_COUNTS:
        raise Unloadable(expected[-1], f"is one of {len(expected)} shards; a LLaMA comes in 1, 2, 4 or 8")
    return expected


def require_cuts(file: str, architecture: Architecture, shards: int) -> None:
    """Model parallelism gives every shard whole heads and equal parts of everything else; raises Unloadable."""
    for name in ("n_heads", "n_kv_heads", "dim", "ffn_hidden", "vocab_size"):
        if getattr(architecture, name) % shards:
            raise Unloadable(file, f"gives {name} {getattr(architecture, name)}, which {shards} shards cannot share")


def cut(name: str, whole: Tensor, rank: int, count: int) -> Tensor:
    """What shard `rank` of `count` holds of this tensor."""
    axis = cut_axis(name)
    return whole if axis is None or count == 1 else Cut(whole, axis, rank, count)


def _check_shard(shard: Shard, shapes: dict[str, tuple[int, ...]], shards: tuple[Shard, ...]) -> None:
    for name, shape in shapes.items():
        if name not in shard.tensors:
            raise Unloadable(shard.name, "is missing", name)
        tensor, axis = shard.tensors[name], cut_axis(name)
        part = tuple(length // len(shards) if place == axis else length for place, length in enumerate(shape))
        require_shape(shard.name, name, tensor, part)
        if name in shards[0].tensors and tensor.dtype != shards[0].tensors[name].dtype:
            raise Unloadable(shard.name, f"has another type of numbers than in {shards[0].name}", name)
    for extra in shard.tensors.keys() - shapes.keys():
        raise Unloadable(shard.name, "does not belong to a LLaMA of this params.json", extra[:100])


def _whole(name: str, shards: tuple[Shard, ...]) -> Tensor:
    parts, axis = tuple(shard.tensors[name] for shard in shards), cut_axis(name)
    return parts[0] if axis is None or len(parts) == 1 else Merged(parts, axis)
