"""Writing a shard in Meta's layout: the zip archive and the pickle that `torch.load` reads, the same bytes each time.

`torch.save` wants all of a shard in memory, names the archive's folder after the file and adds a random identifier.
Here tensors pass through block by block. The pickle uses PyTorch's own opcodes of protocol 2 without its memo.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from release.layouts.pickled import STORAGES
from release.layouts.tensors import DType, Tensor, blocks, size_bytes

FOLDER = "archive"
ALIGNMENT = 64  # of each record's first byte, so that the file can be mapped
LARGE = 0xFFFFFFFF  # in a header: the figure is in the extra field
MIDNIGHT_1980 = b"\x00\x00\x21\x00"
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64, LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
VERSION = 45  # of the zip format: the one with figures of 64 bits


@dataclass(frozen=True)
class _Entry:
    name: bytes
    crc: int
    size: int
    offset: int  # of its header


def write_shard(file: BinaryIO, tensors: Mapping[str, Tensor]) -> None:
    """Write these tensors, sorted by name, to a file that can seek; raises what reading them raises, and OSError."""
    names = sorted(tensors)
    entries = [_write_record(file, "data.pkl", [_pickle(names, tensors)])]
    entries.append(_write_record(file, "byteorder", [b"little"]))
    entries += [_write_record(file, f"data/{number}", blocks(tensors[name])) for number, name in enumerate(names)]
    entries.append(_write_record(file, "version", [b"3\n"]))
    _write_directory(file, entries)


def _write_record(file: BinaryIO, name: str, content: Iterable[bytes | memoryview]) -> _Entry:
    """Header, padding and content; the header is written again once size and CRC are known."""
    path, offset = f"{FOLDER}/{name}".encode(), file.tell()
    unpadded = offset + 30 + len(path) + 20 + 4
    padding = -unpadded % ALIGNMENT
    file.seek(unpadded + padding)
    crc = size = 0
    for block in content:
        crc, size = zlib.crc32(block, crc), size + len(block)
        file.write(block)
    end = file.tell()
    file.seek(offset)
    extra = struct.pack("<HHQQ", 1, 16, size, size) + struct.pack("<HH", 0x4246, padding) + b"Z" * padding
    head = struct.pack("<HHH", VERSION, 0x800, 0) + MIDNIGHT_1980
    head += struct.pack("<IIIHH", crc, LARGE, LARGE, len(path), len(extra))
    file.write(LOCAL + head + path + extra)
    file.seek(end)
    return _Entry(path, crc, size, offset)


def _write_directory(file: BinaryIO, entries: list[_Entry]) -> None:
    begin = file.tell()
    for entry in entries:
        extra = struct.pack("<HHQQQ", 1, 24, entry.size, entry.size, entry.offset)
        head = struct.pack("<HHHH", VERSION, VERSION, 0x800, 0) + MIDNIGHT_1980
        head += struct.pack("<IIIHHHHHII", entry.crc, LARGE, LARGE, len(entry.name), len(extra), 0, 0, 0, 0, LARGE)
        file.write(CENTRAL + head + entry.name + extra)
    end = file.tell()
    count, size = len(entries), end - begin
    file.write(END64 + struct.pack("<QHHIIQQQQ", 44, VERSION, VERSION, 0, 0, count, count, size, begin))
    file.write(LOCATOR64 + struct.pack("<IQI", 0, end, 1))
    file.write(END + struct.pack("<HHHHIIH", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, LARGE, LARGE, 0))


def _pickle(names: list[str], tensors: Mapping[str, Tensor]) -> bytes:
    """A dictionary of tensors by name, storage `data/0` for the first and so on."""
    items = [_text(name) + _tensor(number, tensors[name]) for number, name in enumerate(names)]
    return b"\x80\x02}(" + b"".join(items) + b"u."


def _tensor(number: int, tensor: Tensor) -> bytes:
    numbers = size_bytes(tensor) // tensor.dtype.size
    storage = _text("storage") + _global("torch", _STORAGE[tensor.dtype]) + _text(str(number)) + _text("cpu")
    hooks = _global("collections", "OrderedDict") + b")R"
    return (
        _global("torch._utils", "_rebuild_tensor_v2") + b"(("
        + storage + _count(numbers) + b"tQ" + _count(0)
        + _counts(tensor.shape) + _counts(_strides(tensor.shape))
        + b"\x89" + hooks + b"tR"
    )  # fmt: skip


def _strides(shape: tuple[int, ...]) -> Iterator[int]:
    for axis in range(len(shape)):
        stride = 1
        for length in shape[axis + 1 :]:
            stride *= length
        yield stride


def _counts(values: Iterable[int]) -> bytes:
    return b"(" + b"".join(_count(value) for value in values) + b"t"


def _count(value: int) -> bytes:
    if value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    return b"\x8a\x09" + value.to_bytes(9, "little")


def _text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


_STORAGE: dict[DType, str] = {dtype: name for name, dtype in STORAGES.items()}
