"""The safetensors format: its header is checked whole before anything relies on it, and the numbers stay on the disk.

Eight bytes give the header's length; the header is a JSON object of names, each with dtype, shape and its range of the
bytes that follow. https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import errno
import math
import mmap
import os
import stat
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..json_file import parse_object
from .piece import shown

LENGTH = struct.Struct("<Q")
MAX_HEADER_BYTES = 8 << 20
MAX_AXES = 8
METADATA = "__metadata__"
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies: `start` to `stop` in bytes after the header."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, to be read only: each is a view of the file mapped into memory.

    Raises CheckpointError naming file and tensor.
    """
    try:
        with _open(path) as file:
            size = os.fstat(file.fileno()).st_size
            header, begin = _read_header(path, file, size)
            entries = _entries(path, header, size - begin)
            mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    except OSError as error:
        raise CheckpointError(path, f"cannot be read: {error.strerror}") from None
    return {name: _view(mapped, begin, entry) for name, entry in entries.items()}


def _open(path: Path) -> BinaryIO:
    """An ordinary file; a link could lead anywhere, and opening a pipe would wait for ever."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise CheckpointError(path, "the file is missing") from None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise CheckpointError(path, "is a symbolic link: put the file itself there") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CheckpointError(path, "is not a file")
    return os.fdopen(descriptor, "rb")


def _read_header(path: Path, file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The header, and where the bytes after it begin."""
    if size < LENGTH.size:
        raise CheckpointError(path, "is too short for a safetensors file")
    [length] = LENGTH.unpack(file.read(LENGTH.size))
    if length > min(MAX_HEADER_BYTES, size - LENGTH.size):
        raise CheckpointError(path, f"claims a header of {length:,} bytes, more than the file has or any needs")
    return parse_object(path, file.read(length)), LENGTH.size + length


def _entries(path: Path, header: dict[str, Any], size: int) -> dict[str, Entry]:
    """Their ranges must follow each other from the header to the end of the file, `size` bytes later."""
    entries = {name: _entry(path, name, value) for name, value in header.items() if name != METADATA}
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].start):
        if entry.start != end:
            problem = "overlaps another tensor" if entry.start < end else "leaves a gap before it"
            raise CheckpointError(path, problem, tensor=shown(name))
        if entry.stop > size:
            raise CheckpointError(path, "ends beyond the file, which is cut short", tensor=shown(name))
        end = entry.stop
    if end != size:
        raise CheckpointError(path, f"has {size - end:,} bytes that belong to no tensor")
    return entries


def _entry(path: Path, name: str, value: Any) -> Entry:
    def refuse(reason: str) -> CheckpointError:
        return CheckpointError(path, reason, tensor=shown(name))

    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise refuse("is not described by dtype, shape and data_offsets")
    shape, offsets = value["shape"], value["data_offsets"]
    if not _are_counts(shape, least=1) or not _are_counts(offsets, least=0) or len(offsets) != 2:
        raise refuse("has a shape or a range that is not made of whole numbers")
    if not isinstance(value["dtype"], str) or value["dtype"] not in DTYPES:
        raise refuse(f"has dtype {shown(value['dtype'])} instead of a 16 or 32 bit float")
    dtype, (start, stop) = DTYPES[value["dtype"]], offsets
    if math.prod(shape) * dtype.itemsize != stop - start:
        raise refuse(f"has a range of {stop - start:,} bytes, which is not what shape {shape} takes")
    return Entry(dtype, tuple(shape), start, stop)


def _are_counts(values: Any, *, least: int) -> bool:
    if not isinstance(values, list) or len(values) > MAX_AXES:
        return False
    return all(type(value) is int and least <= value < 1 << 48 for value in values)


def _view(mapped: mmap.mmap, begin: int, entry: Entry) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given buffer is not writable")
        stored = torch.frombuffer(mapped, dtype=entry.dtype, offset=begin + entry.start, count=math.prod(entry.shape))
    return stored.view(entry.shape)
