"""Headers are believed only after they were checked; the library reads what we write, and we what it writes."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from release.layouts.errors import Unloadable
from release.layouts.safetensors import read_tensors, write_tensors
from release.layouts.tensors import blocks

NAME = "model.safetensors"
MIB = 1 << 20


def _file(header: Any, data: bytes = bytes(16), length: int | None = None) -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(encoded) if length is None else length) + encoded + data


def _entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F16", "shape": [2, 4], "data_offsets": [0, 16], **changes}


def test_what_the_library_writes_is_read_bit_for_bit(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 5).bfloat16(), "b": torch.randn(7), "c": torch.randn(2, 2).half()}
    save_file(tensors, tmp_path / NAME, metadata={"format": "pt"})
    for name, stored in read_tensors(tmp_path, NAME).items():
        assert b"".join(blocks(stored)) == tensors[name].view(torch.uint8).numpy().tobytes()
        assert stored.shape == tuple(tensors[name].shape)


def test_the_library_reads_what_we_write(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 5).bfloat16(), "b": torch.randn(7), "c": torch.randn(1, 1).half()}
    save_file(tensors, tmp_path / "theirs.safetensors")
    with (tmp_path / NAME).open("wb") as file:
        write_tensors(file, read_tensors(tmp_path, "theirs.safetensors"))
    found = load_file(tmp_path / NAME)
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    with safe_open(tmp_path / NAME, "pt") as file:
        assert file.metadata() == {"format": "pt"}


HOSTILE: list[tuple[Callable[[], bytes], str, str]] = [
    (lambda: b"", "", "too short"),
    (lambda: _file({}, length=1 << 63), "", "claims a header"),
    (lambda: _file({"a": _entry()}, length=10**6), "", "claims a header"),
    (lambda: _file(b" " * (9 * MIB)), "", "claims a header"),
    (lambda: _file(b"[]"), "", "is not a JSON object"),
    (lambda: _file(b"\xff{}"), "", "is not JSON"),
    (lambda: _file(b"[" * 200_000), "", "is not JSON"),
    (lambda: _file(b'{"a":' * 100_000), "", "is not JSON"),
    (lambda: _file(b'{"a": NaN}'), "", "is not JSON"),
    (lambda: _file(b'{"a": {}, "a": {}}'), "", "names 'a' twice"),
    (
        lambda: _file(b'{"a": {"dtype": "F16", "dtype": "F32", "shape": [], "data_offsets": [0, 2]}}'),
        "",
        "'dtype' twice",
    ),
    (lambda: _file({"__metadata__": {"a": 1}, "a": _entry()}), "", "not made of words"),
    (lambda: _file({"a": 5}), "a", "described by other words"),
    (lambda: _file({"a": _entry(extra=1)}), "a", "described by other words"),
    (lambda: _file({"a": _entry(dtype="I8")}), "a", "numbers of type I8"),
    (lambda: _file({"a": _entry(dtype="F64")}), "a", "numbers of type F64"),
    (lambda: _file({"a": _entry(dtype=["F16"])}), "a", "numbers of type"),
    (lambda: _file({"a": _entry(shape=[2, -4])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(shape=[0, 4])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(shape=[2.0, 4])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(shape=[True, 8])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(shape="24")}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(shape=[1 << 62, 4])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(shape=[1 << 40, 1 << 40])}), "a", "range of 16 bytes"),
    (lambda: _file({"a": _entry(shape=[1] * 9)}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(data_offsets=[0, 16, 32])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(data_offsets=[16, 0])}), "a", "range of -16 bytes"),
    (lambda: _file({"a": _entry(data_offsets=[-16, 0])}), "a", "whole numbers"),
    (lambda: _file({"a": _entry(data_offsets=[0, 8])}), "a", "range of 8 bytes"),
    (lambda: _file({"a": _entry(), "b": _entry()}), "b", "overlaps"),
    (lambda: _file({"a": _entry(), "b": _entry(data_offsets=[8, 24])}), "b", "overlaps"),
    (lambda: _file({"a": _entry(data_offsets=[8, 24])}, bytes(24)), "a", "leaves a gap"),
    (lambda: _file({"a": _entry()}, bytes(15)), "", "cut short"),
    (lambda: _file({"a": _entry()}, bytes(17)), "", "belong to no tensor"),
    (lambda: _file({}), "", "belong to no tensor"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_header_that_lies_is_refused_by_name(tmp_path: Path, number: int) -> None:
    make, tensor, reason = HOSTILE[number]
    (tmp_path / NAME).write_bytes(make())
    with pytest.raises(Unloadable) as found:
        read_tensors(tmp_path, NAME)
    assert (found.value.file, found.value.tensor) == (NAME, tensor)
    assert reason in found.value.reason


def test_the_largest_header_that_says_its_last_key_twice_is_refused_without_comparing_all_keys(tmp_path: Path) -> None:
    """Comparing each with each would take hours."""
    names = [f'"{number}":0' for number in range(600_000)]
    (tmp_path / NAME).write_bytes(_file(f"{{{','.join([*names, names[-1]])}}}".encode()))
    with pytest.raises(Unloadable, match="names '599999' twice"):
        read_tensors(tmp_path, NAME)


STEERING = "\x1b]0;owned\x07\x1b[2J\r\nlayers.0\u202e\ud800"


@pytest.mark.parametrize("header", [{STEERING: 5}, {"a": _entry(dtype=STEERING)}, {"__metadata__": {}, STEERING: {}}])
def test_names_and_words_of_a_header_cannot_steer_the_terminal_that_shows_them(tmp_path: Path, header: Any) -> None:
    (tmp_path / NAME).write_bytes(_file(header))
    with pytest.raises(Unloadable) as found:
        read_tensors(tmp_path, NAME)
    assert str(found.value).isprintable()
    assert "]0;owned" in str(found.value)


def test_what_the_library_refuses_we_refuse(tmp_path: Path) -> None:
    """Each way round: nothing passes here that a user's loader would stumble over."""
    for number, (make, _tensor, _reason) in enumerate(HOSTILE):
        path = tmp_path / f"{number}.safetensors"
        path.write_bytes(make())
        try:
            with safe_open(path, "pt"):
                continue  # ours is stricter
        except (SafetensorError, ValueError, OSError):
            with pytest.raises(Unloadable):
                read_tensors(tmp_path, path.name)


def test_a_terabyte_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.write(_file({"a": _entry(shape=[1 << 20, 1 << 18], data_offsets=[0, 1 << 39])}, b""))
        file.truncate(10**12)
    with pytest.raises(Unloadable, match="belong to no tensor"):
        read_tensors(tmp_path, NAME)
