"""What a folder may hold, where the tokenizer lies, and which layout is taken of two."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from tests.engine import factories
from tests.engine.factories import refusal
from tests.engine.reference import Array, Params


@pytest.fixture
def hugging_face(tmp_path: Path, tokenizer_file: Path, params: Params, weights: dict[str, Array]) -> Path:
    return factories.write_hugging_face(tmp_path / "hf", tokenizer_file, params, weights)


def test_of_two_layouts_in_one_folder_metas_is_taken(own_checkpoint: Path, hugging_face: Path) -> None:
    (hugging_face / "model.safetensors").write_bytes(b"damaged")
    for file in hugging_face.iterdir():
        shutil.copy(file, own_checkpoint)
    tokens = [1, 300, 17, 290]
    both = factories.logits_of(own_checkpoint, tokens)
    (own_checkpoint / "consolidated.01.pth").write_bytes(b"damaged")
    assert refusal(own_checkpoint).file.name == "consolidated.01.pth"
    for file in own_checkpoint.glob("*.pth"):
        file.unlink()
    assert refusal(own_checkpoint).file.name == "model.safetensors"
    assert torch.isfinite(both).all()


def test_a_tokenizer_of_hugging_face_alone_is_refused_with_the_cure(hugging_face: Path) -> None:
    (hugging_face / "tokenizer.model").rename(hugging_face / "tokenizer.json")
    error = refusal(hugging_face)
    assert error.file == hugging_face / "tokenizer.model"
    assert "tokenizer.json cannot stand in for it: copy it from" in error.reason


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.model"])
def test_a_missing_file_is_named(hugging_face: Path, name: str) -> None:
    (hugging_face / name).unlink()
    expected = "params.json" if name == "config.json" else name  # the files could have Meta's names
    assert refusal(hugging_face).file.name == expected


@pytest.mark.parametrize("name", ["config.json", "params.json", "tokenizer.model", "model.safetensors.index.json"])
def test_a_pipe_or_a_folder_is_no_file(
    tmp_path: Path, tokenizer_file: Path, params: Params, weights: dict[str, Array], name: str
) -> None:
    write = factories.write_named if name == "params.json" else factories.write_hugging_face
    folder = write(tmp_path / "m", tokenizer_file, params, weights)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert refusal(folder).file.name == name
    (folder / name).unlink()
    (folder / name).mkdir()
    assert refusal(folder).file.name == name


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors.index.json", "tokenizer.model", "model.safetensors"]
)
def test_a_file_of_a_terabyte_is_refused(hugging_face: Path, name: str) -> None:
    (hugging_face / name).touch()
    os.truncate(hugging_face / name, 1 << 40)
    assert refusal(hugging_face).file.name == name


def test_a_shard_of_a_terabyte_is_refused(own_checkpoint: Path) -> None:
    os.truncate(own_checkpoint / "consolidated.01.pth", 1 << 40)
    error = refusal(own_checkpoint)
    assert (error.file.name, error.reason) == ("consolidated.01.pth", "is larger than a model of these parameters")


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "7B").reason


def test_the_tokenizer_may_lie_one_folder_up(own_checkpoint: Path) -> None:
    (own_checkpoint / "tokenizer.model").rename(own_checkpoint.parent / "tokenizer.model")
    engine = Engine.load(own_checkpoint, EngineConfig(max_batch_size=1))
    assert engine.tokenizer.vocab_size == factories.VOCAB_SIZE
