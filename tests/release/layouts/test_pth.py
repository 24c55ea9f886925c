"""Shards are read as torch reads them; whatever is not a plain checkpoint is refused, and nothing in it is ever run."""

import io
import os
import pickle
import struct
import tarfile
import tempfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from release.checkpoint import checkpoint_shape
from release.errors import ReleaseFilesError
from release.layouts.errors import Unloadable
from release.layouts.pth import read_shard
from release.layouts.pth_writing import write_shard
from release.layouts.tensors import DType, blocks
from tests.release import checkpoints

NAME = "consolidated.00.pth"


def _numbers(tensor: torch.Tensor) -> bytes:
    return bytes(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())


def _read(folder: Path) -> dict[str, bytes]:
    return {name: b"".join(blocks(tensor)) for name, tensor in read_shard(folder, NAME).tensors.items()}


def _save(folder: Path, content: Any, **options: Any) -> Path:
    torch.save(content, folder / NAME, **options)
    return folder


def _plain() -> dict[str, torch.Tensor]:
    whole = torch.randn(8, 6)
    return {"a.weight": whole.half(), "b.weight": whole.bfloat16(), "c.weight": whole[2:5], "d.weight": whole[0]}


@pytest.mark.parametrize("protocol", [2, 3])  # torch.load reads no other by default
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_what_is_read_is_what_torch_reads(tmp_path: Path, protocol: int, kind: Callable[[Any], Any]) -> None:
    tensors = _plain()
    _save(tmp_path, kind(tensors), pickle_protocol=protocol)
    assert _read(tmp_path) == {name: _numbers(tensor) for name, tensor in tensors.items()}


def test_what_a_module_and_its_parameters_save_is_read(tmp_path: Path) -> None:
    module = torch.nn.Linear(4, 3).bfloat16()
    assert _read(_save(tmp_path, module.state_dict())).keys() == {"weight", "bias"}
    assert _read(_save(tmp_path, dict(module.named_parameters())))["bias"] == _numbers(module.bias.detach())


@pytest.mark.parametrize("mmap", [True, False])
def test_torch_reads_what_we_write(tmp_path: Path, mmap: bool) -> None:
    tensors = {f"{number}.weight": torch.randn(number, 3).bfloat16() for number in range(1, 20)}
    _save(tmp_path, tensors)
    stored = read_shard(tmp_path, NAME).tensors
    with (tmp_path / "ours.pth").open("wb") as file:
        write_shard(file, stored)
    found = torch.load(tmp_path / "ours.pth", weights_only=True, mmap=mmap)
    assert list(found) == sorted(tensors)
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    with zipfile.ZipFile(tmp_path / "ours.pth") as archive:
        assert archive.testzip() is None


class Canary:
    """Leaves a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.trace}",)


def _old_tar(canary: Canary) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            data = pickle.dumps(canary)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _saved(content: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    torch.save(content, out, **options)
    return out.getvalue()


def _script(canary: Canary) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(canary))
        archive.writestr("a/code/__torch__.py", f"import os; os.system('touch {canary.trace}')")
    return out.getvalue()


def _in_attributes(canary: Canary) -> bytes:
    tensors = OrderedDict(_plain())
    tensors._metadata = canary  # type: ignore[attr-defined]
    return _saved(tensors)


ARMED: dict[str, Callable[[Canary], bytes]] = {
    "a value": lambda canary: _saved({"norm.weight": canary}),
    "the whole": _saved,
    "a name": lambda canary: _saved({"a.weight": torch.ones(2), "b.weight": {"x": canary}}),
    "attributes": _in_attributes,
    "no archive": pickle.dumps,
    "before 1.6": lambda canary: _saved({"norm.weight": canary}, _use_new_zipfile_serialization=False),
    "the first tar": _old_tar,
    "a script": _script,
    "the oldest pickle": lambda canary: pickle.dumps(canary, protocol=0),
}


@pytest.mark.parametrize("kind", ARMED)
def test_code_in_a_shard_is_refused_and_never_run(tmp_path: Path, kind: str) -> None:
    trace = tmp_path / "trace"
    armed = ARMED[kind](Canary(trace))
    assert b"system" in armed, "it would run if it were unpickled"
    (tmp_path / NAME).write_bytes(armed)
    with pytest.raises(Unloadable) as found:
        read_shard(tmp_path, NAME)
    assert found.value.file == NAME
    assert any(word in found.value.reason for word in ("carries code", "running it", "no plain checkpoint has"))
    assert not trace.exists()


def test_the_whole_check_refuses_it_with_a_sentence_too(tmp_path: Path) -> None:
    folder, trace = checkpoints.write(tmp_path / "model"), tmp_path / "trace"
    (folder / NAME).write_bytes(_saved({"norm.weight": Canary(trace)}))
    checkpoints.write_sums(folder)
    with pytest.raises(ReleaseFilesError, match=r"consolidated\.00\.pth: .*carries code.*posix\.system") as refused:
        checkpoint_shape(folder)
    assert refused.value.code == "checkpoint_unloadable"
    assert not trace.exists()


def _archive(*records: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in records:
            archive.writestr(name, content)
    return out.getvalue()


def _contents(pickled: bytes) -> bytes:
    return _archive(("a/data.pkl", pickled), ("a/data/0", bytes(64)), ("a/version", b"3\n"))


def _claim(
    storage: str = "HalfStorage", key: str = "0", length: int = 32, start: int = 0, shape: str = "K\x08K\x04\x86",
    strides: str = "K\x04K\x01\x86",
) -> bytes:  # fmt: skip
    """The pickle of one tensor by hand, so that it can claim anything."""

    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def number(value: int) -> bytes:
        return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)

    inner = text("storage") + f"ctorch\n{storage}\n".encode() + text(key) + text("cpu") + number(length) + b"tQ"
    tail = number(start) + shape.encode("latin1") + strides.encode("latin1") + b"\x89ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02}(" + text("norm.weight") + b"ctorch._utils\n_rebuild_tensor_v2\n((" + inner + tail + b"u."


def _two_archives() -> bytes:
    """One archive in the comment of another, so that each reader may find its own."""
    outer, inner = (bytearray(_archive(("a/data.pkl", _claim()), ("a/data/0", bytes(64)))) for _ in range(2))
    outer[-2:] = struct.pack("<H", len(inner))
    return bytes(outer + inner)


HOSTILE: list[tuple[Callable[[], bytes], str]] = [
    (lambda: _archive(("../data.pkl", b"")), "which no plain checkpoint has"),
    (lambda: _archive(("/data.pkl", b"")), "which no plain checkpoint has"),
    (lambda: _archive(("a/../../etc/passwd", b"")), "which no plain checkpoint has"),
    (lambda: _archive(("a/data.pkl", b""), ("b/data/0", b"")), "which no plain checkpoint has"),
    (lambda: _archive(("a\\data.pkl", b"")), "which no plain checkpoint has"),
    (lambda: _archive(("a/version", b"3")), "no data.pkl"),
    (lambda: _archive(("a/data.pkl", bytes(10_000)), method=zipfile.ZIP_DEFLATED), "no plain directory"),
    (lambda: _archive(("a/data.pkl", bytes(2_000_000))), "table of contents of extraordinary size"),
    (lambda: _archive(("a/data.pkl", _claim()), ("a/byteorder", b"big")), "big-endian"),
    (lambda: _archive(*[(f"a/data/{n}", b"") for n in range(20_001)]), "no plain directory"),
    (lambda: _archive(("a/data.pkl", _claim()), ("a/data/0", bytes(64)))[:-30], "no plain directory"),
    (lambda: b"PK\x03\x04" + bytes(100), "no plain directory"),
    (lambda: _archive(("a/data.pkl", _claim()), ("a/data/0", bytes(64))) + b" ", "no plain directory"),
    (_two_archives, "no plain directory"),
    (lambda: b"", "no zip archive"),
    (lambda: _contents(b"\x80\x02" + b"}" * 5 + b"."), "does not hold a dictionary"),
    (lambda: _contents(b"\x80\x02."), "does not hold a dictionary"),
    (lambda: _contents(b""), "damaged table of contents"),
    (lambda: _contents(_claim()[:-9]), "damaged table of contents"),
    (lambda: _contents(b"\x80\x02" + b")" * 100_000 + b"\x85" * 300_000 + b"."), "does not hold a dictionary"),
    (lambda: _contents(b"\x80\x02}(" + b")" + b"\x86" * 0 + b"\x85" * 100_000 + b"K\x01u."), "by name"),
    (lambda: _contents(b"\x80\x02}(X\xff\xff\xff\xffa."), "damaged table of contents"),
    (lambda: _contents(b"\x80\x02h\x05."), "damaged table of contents"),
    (lambda: _contents(b"\x80\x02t."), "damaged table of contents"),
    (lambda: _contents(b"\x80\x02cbuiltins\neval\n."), "carries code (builtins.eval)"),
    (lambda: _contents(b"\x80\x02\x8c\x05posix\x8c\x06system\x93."), "opcode SHORT_BINUNICODE"),
    (lambda: _contents(b"\x80\x02ctorch\nHalfStorage\n)R."), "carries code"),
    (lambda: _contents(b"\x80\x02(iposix\nsystem\n."), "opcode INST"),
    (lambda: _contents(_claim("DoubleStorage")), "numbers of type double"),
    (lambda: _contents(_claim("QInt8Storage")), "numbers of type qint8"),
    (lambda: _contents(_claim("HalfStorage\nx", "0")), "damaged"),
    (lambda: _contents(_claim(key="1")), "missing or of another size"),
    (lambda: _contents(_claim(key="../version")), "missing or of another size"),
    (lambda: _contents(_claim(length=1 << 40)), "missing or of another size"),
    (lambda: _contents(_claim(length=-32)), "missing or of another size"),
    (lambda: _contents(_claim(start=1)), "claims more numbers"),
    (lambda: _contents(_claim(start=-1)), "claims more numbers"),
    (lambda: _contents(_claim(shape="J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", strides="J\xff\xff\xff\x7fK\x01\x86")),
     "claims more numbers"),
    (lambda: _contents(_claim(shape="J\xff\xff\xff\xffK\x04\x86")), "a view of another tensor"),
    (lambda: _contents(_claim(shape="K\x00K\x04\x86")), "a view of another tensor"),
    (lambda: _contents(_claim(strides="K\x00K\x00\x86")), "a view of another tensor"),
    (lambda: _contents(_claim(strides="K\x01K\x08\x86")), "a view of another tensor"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_tricks_are_refused_with_a_sentence(tmp_path: Path, number: int) -> None:
    make, reason = HOSTILE[number]
    (tmp_path / NAME).write_bytes(make())
    with pytest.raises(Unloadable) as found:
        read_shard(tmp_path, NAME)
    assert reason in found.value.reason


def test_a_tensor_made_by_hand_is_read_so_that_the_refusals_above_mean_something(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(_contents(_claim()))
    found = read_shard(tmp_path, NAME).tensors["norm.weight"]
    assert (found.shape, found.dtype, b"".join(blocks(found))) == ((8, 4), DType.F16, bytes(64))


def test_a_tensor_named_twice_is_refused(tmp_path: Path) -> None:
    item = _claim()[4:-2]
    (tmp_path / NAME).write_bytes(_contents(b"\x80\x02}(" + item + item + b"u."))
    with pytest.raises(Unloadable, match="is named twice"):
        read_shard(tmp_path, NAME)


def test_records_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    content = bytearray(_archive(("a/data.pkl", _claim()), ("a/data/0", bytes(64)), ("a/data/1", bytes(64))))
    entry = content.rindex(b"a/data/1") - 46
    content[entry + 42 : entry + 46] = content[content.rindex(b"a/data/0") - 4 : content.rindex(b"a/data/0")]
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(Unloadable, match="no plain directory"):
        read_shard(tmp_path, NAME)


def test_numbers_that_torch_would_turn_round_are_refused(tmp_path: Path) -> None:
    """The file holds one number; a mark beside it has torch load another."""
    _save(tmp_path, {"norm.weight": torch._neg_view(torch.ones(4))})
    assert torch.load(tmp_path / NAME, weights_only=True)["norm.weight"].tolist() == [-1.0] * 4
    with pytest.raises(Unloadable, match="holds more than plain tensors"):
        read_shard(tmp_path, NAME)


@pytest.mark.parametrize("first", ["other.weight", "rope.freqs"])
def test_numbers_that_are_said_to_be_of_two_types_are_refused(tmp_path: Path, first: str) -> None:
    """torch gives both tensors the type that was said first, also where we have no use for the first tensor."""
    item = _claim("BFloat16Storage")[4:-2].replace(
        b"X\x0b\x00\x00\x00norm.weight", struct.pack("<cI", b"X", len(first)) + first.encode()
    )
    (tmp_path / NAME).write_bytes(_contents(b"\x80\x02}(" + item + _claim()[4:-2] + b"u."))
    assert torch.load(tmp_path / NAME, weights_only=True)["norm.weight"].dtype == torch.bfloat16
    with pytest.raises(Unloadable, match="numbers of two types"):
        read_shard(tmp_path, NAME)


@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_damage_is_a_finding_or_leaves_the_claims_true(place: int, noise: bytes) -> None:
    content = bytearray(_saved(_plain()))
    place %= len(content)
    content[place : place + len(noise)] = noise
    with tempfile.TemporaryDirectory() as folder, suppress(Unloadable):
        Path(folder, NAME).write_bytes(content)
        for tensor in read_shard(Path(folder), NAME).tensors.values():
            assert len(b"".join(blocks(tensor))) == tensor.dtype.size * torch.Size(tensor.shape).numel()


def test_a_changed_file_that_is_still_accepted_is_what_torch_reads_too(tmp_path: Path) -> None:
    """Bytes of the archive's directory and of the pickle, one after another: no two readers see different tensors."""
    sound = _saved({"a.weight": torch.ones(3, 4)})
    accepted = 0
    directory = sound.index(b"PK\x01\x02")
    for place in [*range(0, 400, 3), *range(directory, len(sound), 2)]:
        content = bytearray(sound)
        content[place] ^= 1 << place % 8
        (tmp_path / NAME).write_bytes(content)
        with suppress(Unloadable):
            shard = read_shard(tmp_path, NAME)
            if all(record.is_whole() for record in shard.records.values()):
                theirs = torch.load(tmp_path / NAME, weights_only=True)
                ours = {name: b"".join(blocks(tensor)) for name, tensor in shard.tensors.items()}
                assert ours == {name: _numbers(tensor) for name, tensor in theirs.items()}, place
                accepted += 1
    assert accepted > 50, "dates and versions may change"
