"""The safetensors format as its library writes it; every other file is refused before anything is read or mapped."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from inference_worker.engine.checkpoint.safetensors import MAX_HEADER_BYTES, read_tensors
from inference_worker.engine.errors import CheckpointError

GOOD = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def craft(path: Path, header: object, data: bytes = bytes(24), length: int | None = None) -> Path:
    """A file with this header, which need not be true."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def refusal(path: Path) -> CheckpointError:
    """Refused, and in little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as caught:
            read_tensors(path)
        assert tracemalloc.get_traced_memory()[1] < 20 * MAX_HEADER_BYTES
    finally:
        tracemalloc.stop()
    assert caught.value.file == path
    return caught.value


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    written = {
        "a": torch.randn(3, 5), "b": torch.randn(4).half(), "c": torch.randn(2, 2, 2).bfloat16(), "d": torch.tensor(7.0)
    }  # fmt: skip
    save_file(written, tmp_path / "model.safetensors", metadata={"format": "pt"})
    found = read_tensors(tmp_path / "model.safetensors")
    assert found.keys() == written.keys()
    for name, tensor in written.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_a_file_of_a_terabyte_is_mapped_and_not_read(tmp_path: Path) -> None:
    size = 1 << 40
    header = {"w": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}
    path = craft(tmp_path / "model.safetensors", header, b"")
    os.truncate(path, path.stat().st_size + size)
    assert read_tensors(path)["w"][-1] == 0


def test_tensors_that_begin_at_odd_bytes_are_read(tmp_path: Path) -> None:
    values = torch.randn(2, 3)
    for odd in range(8):
        header = json.dumps({"w": GOOD}).encode() + b" " * odd
        path = craft(tmp_path / f"{odd}.safetensors", header, values.numpy().tobytes())
        assert torch.equal(read_tensors(path)["w"], values)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (GOOD | {"dtype": "F64"}, "dtype F64"),
        (GOOD | {"dtype": "I8"}, "dtype I8"),
        (GOOD | {"dtype": "F8_E4M3"}, "dtype F8"),
        (GOOD | {"dtype": ["F32"]}, "dtype"),
        (GOOD | {"shape": [2, 4]}, "24 bytes"),
        (GOOD | {"shape": [-2, -3]}, "whole numbers"),
        (GOOD | {"shape": [2.0, 3]}, "whole numbers"),
        (GOOD | {"shape": [True, 6]}, "whole numbers"),
        (GOOD | {"shape": "23"}, "whole numbers"),
        (GOOD | {"shape": [0, 3], "data_offsets": [0, 0]}, "whole numbers"),
        (GOOD | {"shape": [1] * 1000}, "whole numbers"),
        (GOOD | {"shape": [2**62, 4]}, "whole numbers"),
        (GOOD | {"data_offsets": [-24, 0]}, "whole numbers"),
        (GOOD | {"data_offsets": ["0", "24"]}, "whole numbers"),
        (GOOD | {"data_offsets": [24, 0]}, "-24 bytes"),
        (GOOD | {"data_offsets": [0, 24, 48]}, "whole numbers"),
        (GOOD | {"data_offsets": [0, 2**63]}, "whole numbers"),
        (GOOD | {"data_offsets": [4, 28]}, "leaves a gap"),
        (GOOD | {"shape": [2, 4], "data_offsets": [0, 32]}, "cut short"),
        ({"dtype": "F32", "shape": [6]}, "not described"),
        (GOOD | {"code": "import os"}, "not described"),
        ([], "not described"),
        (None, "not described"),
    ],
)
def test_an_entry_that_cannot_be_true_is_refused_by_name(tmp_path: Path, entry: object, reason: str) -> None:
    error = refusal(craft(tmp_path / "model.safetensors", {"w": entry}))
    assert error.tensor == "w"
    assert reason in error.reason


def test_ranges_that_overlap_or_leave_something_over_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    assert "overlaps" in refusal(craft(path, {"v": GOOD, "w": GOOD})).reason
    overlapping = GOOD | {"data_offsets": [12, 36]}
    assert "overlaps" in refusal(craft(path, {"v": GOOD, "w": overlapping}, bytes(36))).reason
    assert "4 bytes that belong to no tensor" in refusal(craft(path, {"w": GOOD}, bytes(28))).reason
    assert "24 bytes that belong to no tensor" in refusal(craft(path, {})).reason


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    entry = json.dumps(GOOD)
    error = refusal(craft(tmp_path / "model.safetensors", f'{{"w": {entry}, "w": {entry}}}'.encode()))
    assert "it has 'w' twice" in error.reason


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, MAX_HEADER_BYTES + 1, 1000])
def test_a_header_longer_than_the_file_or_any_is_refused(tmp_path: Path, length: int) -> None:
    error = refusal(craft(tmp_path / "model.safetensors", {"w": GOOD}, length=length))
    assert f"header of {length:,} bytes" in error.reason


def test_a_terabyte_that_claims_a_long_header_is_refused(tmp_path: Path) -> None:
    path = craft(tmp_path / "model.safetensors", b"", length=2**39)
    os.truncate(path, 1 << 40)
    assert "claims a header" in refusal(path).reason
    path.write_bytes(b"")
    os.truncate(path, 1 << 40)
    assert "JSON" in refusal(path).reason


@pytest.mark.parametrize(
    "header",
    [
        b"[" * MAX_HEADER_BYTES,
        b'{"a":' * (MAX_HEADER_BYTES // 5),
        b'{"w": ' + b"9" * 1_000_000 + b"}",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b'{"w": NaN}',
        b"{" + b",".join(b'"%d":[]' % n for n in range(500_000)) + b"}",
    ],
    ids=["brackets", "objects", "digits", "list", "null", "not UTF-8", "nan", "half a million"],
)
def test_json_made_to_hurt_is_refused(tmp_path: Path, header: bytes) -> None:
    refusal(craft(tmp_path / "model.safetensors", header))


@pytest.mark.parametrize("kept", [0, 7, 8, 20, -1, -100])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"v": torch.ones(40), "w": torch.ones(40)}, path)
    path.write_bytes(path.read_bytes()[:kept])
    error = refusal(path)
    if kept < 0:
        assert error.tensor == "w"


def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    assert "missing" in refusal(path).reason
    path.symlink_to(craft(tmp_path / "elsewhere", {"w": GOOD}))
    assert "symbolic link" in refusal(path).reason
    path.unlink()
    path.mkdir()
    assert "not a file" in refusal(path).reason
    path.rmdir()
    os.mkfifo(path)
    assert "not a file" in refusal(path).reason


@pytest.mark.parametrize("name", ["\x1b[2J", "\ud800", "w\n" * 500])
def test_a_name_made_for_terminals_is_shown_as_escapes(tmp_path: Path, name: str) -> None:
    entry: dict[str, Any] = {}
    error = refusal(craft(tmp_path / "model.safetensors", {name: entry}))
    assert error.tensor is not None
    assert error.tensor.isprintable()
    assert error.tensor.isascii()
    assert len(error.tensor) < 400
