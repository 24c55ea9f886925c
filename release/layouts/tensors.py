"""Tensors that lie in files, read by rows: what a conversion holds in memory is one block, whatever the model's size.

A tensor here is a way to get bytes. Views (merged, cut, permuted) wrap tensors and are tensors themselves. Files are
read with plain reads and not mapped: a file that somebody cuts short meanwhile raises Unloadable, where a map would
kill the process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from release.layouts.errors import Unloadable

BLOCK_BYTES = 8 * 1024 * 1024


class DType(StrEnum):
    """Numbers that a LLaMA is released in, by their safetensors names."""

    F16 = "F16"
    BF16 = "BF16"
    F32 = "F32"

    @property
    def size(self) -> int:
        """Bytes of one number."""
        return 4 if self is DType.F32 else 2

    @property
    def torch_name(self) -> str:
        return {DType.F16: "float16", DType.BF16: "bfloat16", DType.F32: "float32"}[self]


class Tensor(Protocol):
    """Numbers in C order, little-endian; a row is what lies under one index of the first axis."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> DType: ...

    def rows(self, start: int, stop: int) -> bytes | memoryview:
        """The bytes of these rows; raises Unloadable when the file ends before them."""


@dataclass(frozen=True)
class Stored:
    """A tensor in one piece in a file, from byte `offset` on."""

    file: Path
    offset: int
    shape: tuple[int, ...]
    dtype: DType

    def rows(self, start: int, stop: int) -> bytes:
        width = row_bytes(self)
        wanted = (stop - start) * width
        try:
            with self.file.open("rb", buffering=0) as file:
                file.seek(self.offset + start * width)
                data = file.read(wanted)
                while len(data) < wanted and (more := file.read(wanted - len(data))):
                    data += more
        except OSError:
            data = b""
        if len(data) != wanted:
            raise Unloadable(self.file.name, "changed or became unreadable while it was read")
        return data


@dataclass(frozen=True)
class Merged:
    """Parts of equal shape put together along `axis`, as model parallelism had cut them."""

    parts: tuple[Tensor, ...]
    axis: int

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(
            length * len(self.parts) if axis == self.axis else length for axis, length in enumerate(self.parts[0].shape)
        )

    @property
    def dtype(self) -> DType:
        return self.parts[0].dtype

    def rows(self, start: int, stop: int) -> bytes:
        return self._stacked(start, stop) if self.axis == 0 else self._side_by_side(start, stop)

    def _stacked(self, start: int, stop: int) -> bytes:
        height = self.parts[0].shape[0]
        pieces = []
        for number, part in enumerate(self.parts):
            first, last = max(start - number * height, 0), min(stop - number * height, height)
            if first < last:
                pieces.append(part.rows(first, last))
        return b"".join(pieces)

    def _side_by_side(self, start: int, stop: int) -> bytes:
        width = row_bytes(self.parts[0])
        pieces = [memoryview(part.rows(start, stop)) for part in self.parts]
        return b"".join(
            piece[place : place + width] for place in range(0, (stop - start) * width, width) for piece in pieces
        )


@dataclass(frozen=True)
class Cut:
    """The part of `whole` that shard `rank` of `count` holds, cut along `axis`."""

    whole: Tensor
    axis: int
    rank: int
    count: int

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(
            length // self.count if axis == self.axis else length for axis, length in enumerate(self.whole.shape)
        )

    @property
    def dtype(self) -> DType:
        return self.whole.dtype

    def rows(self, start: int, stop: int) -> bytes | memoryview:
        if self.axis == 0:
            before = self.rank * self.shape[0]
            return self.whole.rows(before + start, before + stop)
        width, whole_width = row_bytes(self), row_bytes(self.whole)
        data = memoryview(self.whole.rows(start, stop))
        first = self.rank * width
        return b"".join(data[place : place + width] for place in range(first, len(data), whole_width))


@dataclass(frozen=True)
class Watched:
    """`tensor`, and `tell` hears of each number of bytes that was read."""

    tensor: Tensor
    tell: Callable[[int], None]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def dtype(self) -> DType:
        return self.tensor.dtype

    def rows(self, start: int, stop: int) -> bytes | memoryview:
        data = self.tensor.rows(start, stop)
        self.tell(len(data))
        return data


def row_bytes(tensor: Tensor) -> int:
    return math.prod(tensor.shape[1:]) * tensor.dtype.size


def size_bytes(tensor: Tensor) -> int:
    return math.prod(tensor.shape) * tensor.dtype.size


def spans(tensor: Tensor) -> Iterator[tuple[int, int]]:
    """Ranges of rows that follow each other, each of about one block."""
    step = max(1, BLOCK_BYTES // max(1, row_bytes(tensor)))
    for start in range(0, tensor.shape[0], step):
        yield start, min(start + step, tensor.shape[0])


def blocks(tensor: Tensor) -> Iterator[bytes | memoryview]:
    """All bytes of the tensor, a block at a time."""
    for start, stop in spans(tensor):
        yield tensor.rows(start, stop)


def same_numbers(one: Tensor, other: Tensor) -> bool:
    """Bit for bit, in shape and type as well."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return all(one.rows(start, stop) == other.rows(start, stop) for start, stop in spans(one))
