"""A shard in Meta's layout, `consolidated.NN.pth`: its tensors, where they lie, and nothing run or copied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.layouts.archive import Record, read_archive
from release.layouts.errors import Unloadable
from release.layouts.names import META_FREQUENCIES
from release.layouts.pickled import MAX_PICKLE_BYTES, PickleRefusedError, TensorClaim, read_claims
from release.layouts.tensors import Stored


@dataclass(frozen=True)
class Shard:
    """`tensors` by their names in the file, without the rotary frequencies; `records` of the archive for their CRCs."""

    name: str
    tensors: dict[str, Stored]
    records: dict[str, Record]


def read_shard(folder: Path, name: str) -> Shard:
    """The tensors that the file claims, each within its record; raises Unloadable naming file and tensor."""
    try:
        records = read_archive(folder / name)
        _require_little_endian(name, records)
        claims = read_claims(records["data.pkl"].read(MAX_PICKLE_BYTES))
    except OSError:
        raise Unloadable(name, "is missing or cannot be read") from None
    except PickleRefusedError as refused:
        raise Unloadable(name, str(refused), refused.tensor[:100]) from None
    tensors = {
        tensor: _place(name, tensor, claim, records)
        for tensor, claim in claims.items()
        if not tensor.endswith(META_FREQUENCIES)
    }
    return Shard(name, tensors, records)


def _require_little_endian(name: str, records: dict[str, Record]) -> None:
    if "byteorder" in records and records["byteorder"].read(16) != b"little":
        raise Unloadable(name, "holds its numbers in big-endian order")


def _place(file: str, tensor: str, claim: Any, records: dict[str, Record]) -> Stored:
    """The range of the file that holds this tensor, if its claim is true of the file."""

    def refuse(reason: str) -> Unloadable:
        return Unloadable(file, reason, tensor[:100])

    if not isinstance(claim, TensorClaim):
        raise refuse("is not a plain tensor")
    if claim.dtype is None:
        kind = claim.storage.storage.removesuffix("Storage").lower()[:40]
        raise refuse(f"has numbers of type {kind} instead of 16 or 32 bit floats")
    if min(claim.shape, default=1) < 1 or claim.strides != _contiguous(claim.shape):
        raise refuse("is empty or a view of another tensor; save it with contiguous()")
    record = records.get(f"data/{claim.storage.key}")
    size, start = claim.dtype.size, claim.start
    if record is None or record.size != claim.storage.length * size:
        raise refuse("has its numbers in a record that is missing or of another size")
    if start < 0 or start + math.prod(claim.shape) > claim.storage.length:
        raise refuse("claims more numbers than its file holds")
    return Stored(record.file, record.offset + start * size, claim.shape, claim.dtype)


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of a tensor whose numbers lie side by side, the last axis running fastest."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
