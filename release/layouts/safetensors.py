"""The safetensors format: its header checked before anything relies on it, and files of it written as a stream.

Eight bytes give the header's length, the header is a JSON object of names with dtype, shape and a range of the bytes
that follow it. Reading refuses a header that leaves a gap, overlaps, says a key twice or does not end with the file.
The `safetensors` library can only write tensors that are in memory together, so writing is ours as well: every machine
writes the same bytes.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from release.layouts.errors import Unloadable
from release.layouts.jsonfiles import parse_object
from release.layouts.tensors import DType, Stored, Tensor, blocks, size_bytes

LENGTH = struct.Struct("<Q")
MAX_HEADER_BYTES = 8 * 1024 * 1024
METADATA = "__metadata__"
LARGEST_AXIS = 1 << 32


def read_tensors(folder: Path, name: str) -> dict[str, Stored]:
    """Where each tensor lies, by name; raises Unloadable naming file and tensor."""
    path = folder / name
    try:
        header, begin, size = _read_header(path)
    except OSError:
        raise Unloadable(name, "is missing or cannot be read") from None
    entries = parse_object(name, header, "the header")
    _check_metadata(name, entries.pop(METADATA, {}))
    tensors = {tensor: _place(path, tensor, entry, begin) for tensor, entry in entries.items()}
    _refuse_gaps(name, tensors, begin, size)
    return tensors


def write_tensors(file: BinaryIO, tensors: Mapping[str, Tensor]) -> None:
    """Write these tensors: wide numbers first, so that each lies at a multiple of its size, then by name."""
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.size, name))
    header: dict[str, Any] = {METADATA: {"format": "pt"}}
    end = 0
    for name in names:
        start, end = end, end + size_bytes(tensors[name])
        header[name] = {
            "dtype": tensors[name].dtype.value,
            "shape": list(tensors[name].shape),
            "data_offsets": [start, end],
        }
    encoded = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    encoded += b" " * (-len(encoded) % 8)
    file.write(LENGTH.pack(len(encoded)) + encoded)
    for name in names:
        for block in blocks(tensors[name]):
            file.write(block)


def _read_header(path: Path) -> tuple[bytes, int, int]:
    """The header, where the bytes after it begin, and the file's size."""
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(LENGTH.size)
        if len(begin) < LENGTH.size:
            raise Unloadable(path.name, "is too short for a safetensors file")
        length = LENGTH.unpack(begin)[0]
        if length > min(MAX_HEADER_BYTES, size - LENGTH.size):
            raise Unloadable(path.name, f"claims a header of {length:,} bytes, more than the file has or any needs")
        return file.read(length), LENGTH.size + length, size


def _check_metadata(name: str, metadata: Any) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Unloadable(name, "has metadata in its header that is not made of words")


def _place(path: Path, tensor: str, entry: Any, begin: int) -> Stored:
    def refuse(reason: str) -> Unloadable:
        return Unloadable(path.name, reason, tensor[:100])

    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise refuse("is described by other words than dtype, shape and data_offsets")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _are_counts(shape, 1) or not _are_counts(offsets, 0) or len(shape) > 8 or len(offsets) != 2:
        raise refuse("has a shape or a range that is not made of whole numbers")
    if entry["dtype"] not in list(DType):
        raise refuse(f"has numbers of type {str(entry['dtype'])[:20]} instead of 16 or 32 bit floats")
    dtype = DType(entry["dtype"])
    if math.prod(shape) * dtype.size != offsets[1] - offsets[0]:
        raise refuse(f"has a range of {offsets[1] - offsets[0]:,} bytes, which is not what shape {shape} takes")
    return Stored(path, begin + offsets[0], tuple(shape), dtype)


def _are_counts(values: Any, least: int) -> bool:
    return isinstance(values, list) and all(type(v) is int and least <= v <= LARGEST_AXIS << 16 for v in values)


def _refuse_gaps(name: str, tensors: dict[str, Stored], begin: int, size: int) -> None:
    """The ranges must follow each other from the header to the end of the file."""
    end = begin
    for tensor, stored in sorted(tensors.items(), key=lambda item: item[1].offset):
        if stored.offset != end:
            problem = "overlaps another tensor" if stored.offset < end else "leaves a gap before it"
            raise Unloadable(name, problem, tensor[:100])
        end += size_bytes(stored)
    if end != size:
        problem = "is cut short: tensors end beyond the file" if end > size else "has bytes that belong to no tensor"
        raise Unloadable(name, problem)
