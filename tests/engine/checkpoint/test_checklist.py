"""checklist.chk finds what has no other sign: a flipped bit, or two shards of one model in each other's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_worker.engine.checkpoint.checklist import verify_checklist
from inference_worker.engine.errors import CheckpointError


def test_an_intact_checklist_is_verified(own_checkpoint: Path) -> None:
    names = ["consolidated.00.pth", "consolidated.01.pth", "params.json", "tokenizer.model"]
    assert verify_checklist(own_checkpoint) == names


def test_one_flipped_bit_is_found_by_the_checklist(own_checkpoint: Path) -> None:
    file = own_checkpoint / "consolidated.01.pth"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"consolidated\.01\.pth: has MD5") as caught:
        verify_checklist(own_checkpoint)
    assert caught.value.file == file


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not a checklist\n", "line 1"),
        ("d41d8cd98f00b204e9800998ecf8427e  ../../etc/passwd\n", "line 1"),
        ("d41d8cd98f00b204e9800998ecf8427e  gone.pth\n", "missing"),
        ("", "does not list"),
        ("d41d8cd98f00b204e9800998ecf8427e  ..\n", "missing"),
        ("d41d8cd98f00b204e9800998ecf8427é  params.json\n", "cannot be read"),
    ],
)
def test_a_checklist_that_proves_nothing_is_refused(own_checkpoint: Path, text: str, reason: str) -> None:
    (own_checkpoint / "checklist.chk").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match=reason):
        verify_checklist(own_checkpoint)


def test_a_missing_checklist_is_refused(own_checkpoint: Path) -> None:
    (own_checkpoint / "checklist.chk").unlink()
    with pytest.raises(CheckpointError, match=r"checklist\.chk: the file is missing"):
        verify_checklist(own_checkpoint)
