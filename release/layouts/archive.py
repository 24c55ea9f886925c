"""The zip archive that a `.pth` file is: where each record lies, known from the directory and checked against the file.

Records of PyTorch are stored as they are, so a record is a range of the file and nothing is ever unpacked.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from release.layouts.errors import Unloadable

LOCAL_HEADER = struct.Struct("<4s22xHH")  # of a record: signature, …, length of name, length of extra field
SIGNATURE = b"PK\x03\x04"
MAX_RECORDS = 20_000
# What torch.save writes beside the numbers; TorchScript archives, which hold code, have others.
RECORD = re.compile(
    r"data\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id|data/[0-9]{1,9}"
)
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


def read_archive(path: Path) -> dict[str, Record]:
    """Every record by its name within the archive's one folder; raises Unloadable for any other zip file."""
    with path.open("rb") as file:
        _refuse_old_formats(path.name, file.read(512))
        try:
            entries = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeDecodeError, OSError):
            raise Unloadable(path.name, "is not an intact PyTorch file: it has no readable directory") from None
        if len(entries) > MAX_RECORDS:
            raise Unloadable(path.name, f"holds more than {MAX_RECORDS:,} records")
        records: dict[str, Record] = {}
        for entry in entries:
            name = _record_name(path.name, entry, entries[0])
            if name in records:
                raise Unloadable(path.name, f"holds the record {name} twice")
            records[name] = _locate(path, file.fileno(), entry)
    _refuse_overlaps(path, records)
    if "data.pkl" not in records:
        raise Unloadable(path.name, "is a zip file, but not one of PyTorch: it has no data.pkl")
    return records


def _refuse_old_formats(name: str, begin: bytes) -> None:
    if begin[257:262] == OLD_TAR or begin.startswith(OLD_PICKLE):
        raise Unloadable(
            name, "is in PyTorch's format from before version 1.6, which is read by running it; save it anew"
        )
    if not begin.startswith(SIGNATURE):
        raise Unloadable(name, "is not an intact PyTorch file of plain tensors, or carries code: it is no zip archive")


def _record_name(file: str, entry: zipfile.ZipInfo, first: zipfile.ZipInfo) -> str:
    """The name behind the folder that all share; what a plain checkpoint has no need for is refused."""
    folder, slash, name = entry.orig_filename.partition("/")
    shared = first.orig_filename.partition("/")[0]
    if not slash or folder in ("", ".", "..") or folder != shared or not RECORD.fullmatch(name):
        raise Unloadable(file, f"holds {entry.orig_filename[:100]!r}, which no plain checkpoint has")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
        raise Unloadable(file, f"packs its record {name}; PyTorch stores records as they are")
    return name


def _locate(path: Path, descriptor: int, entry: zipfile.ZipInfo) -> Record:
    """Where the record's bytes begin, which only its own header tells."""
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(entry.header_offset)
        header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size or not header.startswith(SIGNATURE):
        raise Unloadable(path.name, "is damaged: a record is not where its directory says")
    _signature, name_length, extra_length = LOCAL_HEADER.unpack(header)
    offset = entry.header_offset + LOCAL_HEADER.size + name_length + extra_length
    return Record(path, offset, entry.file_size, entry.CRC)


def _refuse_overlaps(path: Path, records: dict[str, Record]) -> None:
    end = 0
    for record in sorted(records.values(), key=lambda record: (record.offset, record.size)):
        if record.offset < end:
            raise Unloadable(path.name, "has records that overlap")
        end = record.offset + record.size
    if end > path.stat().st_size:
        raise Unloadable(path.name, "is cut short: a record ends beyond the file")
