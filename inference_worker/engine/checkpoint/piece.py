"""A tensor of a weight file, and the checks that every such tensor has to pass."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import CheckpointError
from .part import Region

# Some files carry the rotary frequencies too, which follow from the configuration.
IGNORED = ("rope.freqs", "rotary_emb.inv_freq")
FLOATS = (torch.float16, torch.bfloat16, torch.float32)


@dataclass(frozen=True)
class Piece:
    """What `file` holds of the parameter `name` under the name `stored_as`: `region` of it, mapped into memory.

    `arranged` brings the rows of whole heads into the order that the engine computes with.
    """

    file: Path
    name: str
    stored_as: str
    tensor: Tensor
    region: Region
    arranged: Callable[[Tensor], Tensor] | None = None


def check_names(file: Path, found: Iterable[object], expected: Collection[str], optional: Collection[str] = ()) -> None:
    """Raises CheckpointError for a tensor that is missing, or one too many."""
    names = set(found)
    for name in expected:
        if name not in names and name not in optional:
            raise CheckpointError(file, "is missing", tensor=name)
    known = set(expected)
    for extra in names - known:
        if not str(extra).endswith(IGNORED):
            raise CheckpointError(file, "does not belong to a LLaMA of this configuration", tensor=shown(extra))


def check_tensor(file: Path, name: str, tensor: object, shape: tuple[int, ...]) -> None:
    """Raises CheckpointError for what is no plain tensor of this shape and 16 or 32 bit floats."""
    if not isinstance(tensor, Tensor) or tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise CheckpointError(file, "is not a plain tensor", tensor=name)
    if tensor.shape != shape:
        raise CheckpointError(file, f"has shape {list(tensor.shape)} instead of {list(shape)}", tensor=name)
    if tensor.dtype not in FLOATS:
        raise CheckpointError(file, f"has dtype {tensor.dtype} instead of a 16 or 32 bit float", tensor=name)


def check_finite(file: Path, name: str, values: Tensor) -> None:
    """To be called after conversion: float16 makes infinity of what it cannot hold. Raises CheckpointError."""
    low, high = values.aminmax()
    if not (low.isfinite() and high.isfinite()):  # NaN spreads to both ends
        raise CheckpointError(file, f"holds NaN or infinity as {values.dtype}", tensor=name)


def shown(name: object) -> str:
    """A name out of a file, short and fit for a terminal."""
    text = str(name)[:100]
    return text if text.isprintable() else ascii(text)
