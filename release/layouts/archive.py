"""The zip archive that a `.pth` file is: where each record lies, read so that no two readers can see two archives.

Records of PyTorch are stored as they are, so a record is a range of the file and nothing is ever unpacked. The zip
format can say the same thing in several places and lets readers choose; what was checked here would then not be what
`torch.load` reads elsewhere. So only the plain form is taken: one directory at the very end, no comment, no second
disk, the same name before each record as in the directory. PyTorch writes no other.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from release.layouts.errors import Unloadable

# Signature, then: disk, disk of the directory, entries here, entries, size and offset of the directory, comment length.
END = struct.Struct("<4sHHHHIIH")
# Signature, size of what follows, two versions, disk, disk of the directory, entries here, entries, size, offset.
END64 = struct.Struct("<4sQHHIIQQQQ")
LOCATOR64 = struct.Struct("<4sIQI")  # signature, disk, offset of the above, number of disks
# Signature, two versions, flags, method, time, date, CRC, packed size, size, lengths of name, extra field and comment,
# disk, attributes twice, offset.
ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
# Signature, version, flags, method, time, date, CRC, packed size, size, lengths of name and extra field.
LOCAL = struct.Struct("<4sHHHHHIIIHH")
LARGE, LARGE_SHORT = 0xFFFFFFFF, 0xFFFF  # the figure is of 64 bits and stands elsewhere
FLAGS = 0x0808  # sizes may follow the record; names are UTF-8
STORED = 0
DOS_ATTRIBUTES = 0xFF  # one of them has readers take a record for a folder, and its content for empty
ZIP64 = 1

MAX_RECORDS, MAX_DIRECTORY_BYTES = 20_000, 4 * 1024 * 1024
# What torch.save writes beside the numbers; TorchScript archives, which hold code, have others.
RECORD = re.compile(
    r"data\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id|data/[0-9]{1,9}"
)
FOLDER = re.compile(r"[\w-][\w.-]{0,199}", re.ASCII)
OLD_TAR, OLD_PICKLE = b"ustar", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"


@dataclass(frozen=True)
class Record:
    """A range of the archive's file, and the CRC-32 that its directory gives; 0 stands for none."""

    file: Path
    offset: int
    size: int
    crc: int

    def read(self, max_bytes: int) -> bytes:
        if self.size > max_bytes:
            raise Unloadable(self.file.name, "has a table of contents of extraordinary size")
        with self.file.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)

    def is_whole(self, block_bytes: int = 1 << 20) -> bool:
        """Are these the bytes that the CRC was made of?"""
        found, left = 0, self.size
        with self.file.open("rb", buffering=0) as file:
            file.seek(self.offset)
            while left and (data := file.read(min(block_bytes, left))):
                found, left = zlib.crc32(data, found), left - len(data)
        return not left and self.crc in (0, found)


@dataclass(frozen=True)
class _Entry:
    """What the directory says of a record; `offset` is that of the header before it."""

    name: bytes
    flags: int
    crc: int
    size: int
    offset: int


class _DamagedError(Exception):
    pass


def read_archive(path: Path) -> dict[str, Record]:
    """Every record by its name within the archive's one folder; raises Unloadable for any other file."""
    with path.open("rb") as file:
        _refuse_old_formats(path.name, os.pread(file.fileno(), 512, 0))
        try:
            entries = list(_directory(file.fileno(), path.stat().st_size))
            offsets = [_content_offset(file.fileno(), entry) for entry in entries]
        except (_DamagedError, struct.error):
            raise Unloadable(path.name, "is not an intact PyTorch file: it has no plain directory") from None
    records: dict[str, Record] = {}
    for entry, offset in zip(entries, offsets, strict=True):
        name = _record_name(path.name, entry.name, entries[0].name)
        if name in records:
            raise Unloadable(path.name, f"holds the record {name} twice")
        records[name] = Record(path, offset, entry.size, entry.crc)
    if "data.pkl" not in records:
        raise Unloadable(path.name, "is a zip file, but not one of PyTorch: it has no data.pkl")
    return records


def _refuse_old_formats(name: str, begin: bytes) -> None:
    if begin[257:262] == OLD_TAR or begin.startswith(OLD_PICKLE):
        raise Unloadable(
            name, "is in PyTorch's format from before version 1.6, which is read by running it; save it anew"
        )
    if not begin.startswith(b"PK\x03\x04"):
        raise Unloadable(name, "is not an intact PyTorch file of plain tensors, or carries code: it is no zip archive")


def _record_name(file: str, path: bytes, first: bytes) -> str:
    """The name behind the folder that all share; what a plain checkpoint has no need for is refused."""
    text = path.decode("ascii", errors="backslashreplace")
    folder, _slash, name = text.partition("/")
    shared = first.decode("ascii", errors="backslashreplace").partition("/")[0]
    if folder != shared or not FOLDER.fullmatch(folder) or not RECORD.fullmatch(name):
        raise Unloadable(file, f"holds {text[:100]!r}, which no plain checkpoint has")
    return name


def _directory(descriptor: int, size: int) -> Iterator[_Entry]:
    """The entries of the directory, which ends where the file's end record begins; records lie before it, in order."""
    count, begin, end = _end_record(descriptor, size)
    if count > MAX_RECORDS or not 0 <= begin <= end <= size or end - begin > MAX_DIRECTORY_BYTES:
        raise _DamagedError
    content, place = _read(descriptor, end - begin, begin), 0
    free = 0
    for _number in range(count):
        entry, place = _entry(content, place)
        if entry.offset < free:
            raise _DamagedError
        free = entry.offset + LOCAL.size + len(entry.name) + entry.size
        yield entry
    if place != len(content) or free > begin:
        raise _DamagedError


def _end_record(descriptor: int, size: int) -> tuple[int, int, int]:
    """Number of entries, begin and end of the directory."""
    place = max(0, size - END.size)
    signature, disk, first_disk, here, count, length, begin, comment = END.unpack(_read(descriptor, END.size, place))
    if signature != b"PK\x05\x06" or disk != first_disk or here != count or comment:
        raise _DamagedError
    said = (disk, count, length, begin)
    locator = _read(descriptor, LOCATOR64.size, max(0, place - LOCATOR64.size))
    if locator.startswith(b"PK\x06\x07"):
        wide, place = _wide_end_record(descriptor, locator, place - LOCATOR64.size)
        for short, long, unsaid in zip(said, wide, (LARGE_SHORT, LARGE_SHORT, LARGE, LARGE), strict=True):
            if short not in (long, unsaid):
                raise _DamagedError
        said = wide
    disk, count, length, begin = said
    if disk or begin + length != place:
        raise _DamagedError
    return count, begin, place


def _wide_end_record(descriptor: int, locator: bytes, place: int) -> tuple[tuple[int, int, int, int], int]:
    """Disk, entries, size and offset of the directory in 64 bits, and where this record begins."""
    _signature, disk, offset, disks = LOCATOR64.unpack(locator)
    if disk or disks != 1 or offset != place - END64.size:
        raise _DamagedError
    found = END64.unpack(_read(descriptor, END64.size, offset))
    signature, follows, _made, _needed, disk, first_disk, here, count, length, begin = found
    if signature != b"PK\x06\x06" or follows != END64.size - 12 or disk or first_disk or here != count:
        raise _DamagedError
    return (disk, count, length, begin), offset


def _entry(content: bytes, place: int) -> tuple[_Entry, int]:
    """The entry at this place of the directory, and the place behind it."""
    fields = ENTRY.unpack_from(content, place)
    signature, _made, _needed, flags, method, _time, _date, crc, packed, size = fields[:10]
    name_length, extra_length, comment, disk, _internal, attributes, offset = fields[10:]
    begin = place + ENTRY.size
    end = begin + name_length + extra_length
    if signature != b"PK\x01\x02" or flags & ~FLAGS or method != STORED or comment or end > len(content):
        raise _DamagedError
    if disk or attributes & DOS_ATTRIBUTES:
        raise _DamagedError
    name, extra = content[begin : begin + name_length], content[begin + name_length : end]
    wide = _wide_figures(extra)
    size, packed, offset = (next(wide, -1) if figure == LARGE else figure for figure in (size, packed, offset))
    if next(wide, None) is not None or size != packed or min(size, offset) < 0:
        raise _DamagedError
    return _Entry(name, flags, crc, size, offset), end


def _wide_figures(extra: bytes) -> Iterator[int]:
    """The figures of 64 bits in an extra field, of which there may be one; other fields are padding."""
    place, found = 0, b""
    while place < len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        place += 4
        if place + length > len(extra) or (kind == ZIP64 and (found or length % 8)):
            raise _DamagedError
        found = extra[place : place + length] if kind == ZIP64 else found
        place += length
    yield from (figure for (figure,) in struct.iter_unpack("<Q", found))


def _content_offset(descriptor: int, entry: _Entry) -> int:
    """Where the record's bytes begin, which only the header before it tells; it must tell of the same record."""
    header = LOCAL.unpack(_read(descriptor, LOCAL.size, entry.offset))
    signature, _version, flags, method, _time, _date, crc, packed, size, name_length, extra_length = header
    place: int = entry.offset + LOCAL.size
    if signature != b"PK\x03\x04" or flags != entry.flags or method != STORED:
        raise _DamagedError
    if _read(descriptor, name_length, place) != entry.name or name_length != len(entry.name):
        raise _DamagedError
    if crc not in (0, entry.crc) or any(figure not in (0, LARGE, entry.size) for figure in (packed, size)):
        raise _DamagedError
    return place + int(name_length) + int(extra_length)


def _read(descriptor: int, length: int, place: int) -> bytes:
    if not 0 <= place < 1 << 62:
        raise _DamagedError
    return os.pread(descriptor, length, place)
