"""Safetensors files beside each other: every damage is refused with file and tensor named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import CheckpointError
from tests.engine import factories
from tests.engine.factories import refusal
from tests.engine.reference import Array, Params

Tensors = dict[str, torch.Tensor]
INDEX = "model.safetensors.index.json"
SECOND = "model-00002-of-00003.safetensors"


@pytest.fixture(params=["meta's names", "hugging face"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, tokenizer_file: Path, params: Params, weights: dict[str, Array]
) -> Path:
    """In three files, to damage."""
    write = factories.write_named if request.param == "meta's names" else factories.write_hugging_face
    return write(tmp_path / "m", tokenizer_file, params, weights, files=3)


def matrix_in(file: Path) -> str:
    """The name of one of its matrices."""
    return next(name for name, tensor in load_file(file).items() if tensor.ndim == 2 and "layers" in name)


def put(value: torch.Tensor) -> Callable[[Tensors, str], object]:
    return lambda tensors, name: tensors.__setitem__(name, value)


def with_value(number: float) -> Callable[[Tensors, str], object]:
    return lambda tensors, name: tensors[name].view(-1).__setitem__(5, number)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors, name: tensors.pop(name), "is missing, where model.safetensors.index.json has it"),
        (put(torch.zeros(3, 5)), "has shape [3, 5] instead of ["),
        (lambda tensors, name: put(tensors[name].t().contiguous()[:, :7].contiguous())(tensors, name), "has shape"),
        (lambda tensors, name: put(tensors[name].double())(tensors, name), "has dtype F64"),
        (lambda tensors, name: put(tensors[name].to(torch.int8))(tensors, name), "has dtype I8"),
        (with_value(float("nan")), "holds NaN or infinity as torch.float32"),
        (with_value(float("-inf")), "holds NaN or infinity as torch.float32"),
    ],
)
def test_a_damaged_tensor_is_refused_by_file_and_name(
    folder: Path, change: Callable[[Tensors, str], object], reason: str
) -> None:
    name, tensors = matrix_in(folder / SECOND), load_file(folder / SECOND)
    change(tensors, name)
    save_file(tensors, folder / SECOND)
    error = refusal(folder)
    assert (error.file, error.tensor) == (folder / SECOND, name)
    assert reason in error.reason


def test_values_beyond_the_chosen_dtype_are_refused(folder: Path) -> None:
    tensors, name = load_file(folder / SECOND), matrix_in(folder / SECOND)
    tensors[name][0, 3] = 1e6
    save_file(tensors, folder / SECOND)
    with pytest.raises(CheckpointError, match=r"infinity as torch\.float16") as caught:
        Engine.load(folder, EngineConfig(dtype="float16", max_batch_size=1))
    assert (caught.value.file, caught.value.tensor) == (folder / SECOND, name)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_truncated_file_is_refused(folder: Path, kept: int) -> None:
    (folder / SECOND).write_bytes((folder / SECOND).read_bytes()[:kept])
    assert refusal(folder).file == folder / SECOND


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / SECOND).unlink()
    error = refusal(folder)
    assert (error.file, error.reason) == (folder / SECOND, "the file is missing")


def test_two_files_in_each_others_place_are_refused(folder: Path) -> None:
    first = folder / "model-00001-of-00003.safetensors"
    first.rename(folder / "aside")
    (folder / SECOND).rename(first)
    (folder / "aside").rename(folder / SECOND)
    error = refusal(folder)
    assert error.file == first
    assert error.tensor in {*load_file(first), *load_file(folder / SECOND)}


def test_without_an_index_several_files_are_refused(folder: Path) -> None:
    (folder / INDEX).unlink()
    assert refusal(folder).file == folder / INDEX


def test_a_file_that_the_index_does_not_name_is_left_alone(folder: Path) -> None:
    (folder / "other.safetensors").write_bytes(b"")
    Engine.load(folder, EngineConfig(max_batch_size=1))


@pytest.mark.parametrize(
    "place",
    ["../m/model-00002-of-00003.safetensors", "/etc/passwd", "model.pth", "a\0b.safetensors", "", ".", 7, None, []],
)
def test_an_index_that_leads_elsewhere_is_refused(folder: Path, place: object) -> None:
    index = json.loads((folder / INDEX).read_text())
    name = matrix_in(folder / SECOND)
    index["weight_map"][name] = place
    (folder / INDEX).write_text(json.dumps(index))
    error = refusal(folder)
    assert (error.file, error.tensor) == (folder / INDEX, name)


@pytest.mark.parametrize("text", ["{}", '{"weight_map": {}}', '{"weight_map": []}', "[", "[]", "{" * 100_000])
def test_an_index_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / INDEX).write_text(text)
    assert refusal(folder).file == folder / INDEX


def test_a_tensor_too_few_or_too_many_in_the_index_is_refused_before_any_file_is_read(folder: Path) -> None:
    index, name = json.loads((folder / INDEX).read_text()), matrix_in(folder / SECOND)
    (folder / SECOND).write_bytes(b"")
    del index["weight_map"][name]
    (folder / INDEX).write_text(json.dumps(index))
    assert (refusal(folder).file, refusal(folder).tensor) == (folder / INDEX, name)
    index["weight_map"] |= {name: SECOND, "lora.weight": SECOND}
    (folder / INDEX).write_text(json.dumps(index))
    error = refusal(folder)
    assert (error.tensor, error.reason) == ("lora.weight", "does not belong to a LLaMA of this configuration")


@pytest.mark.parametrize("write", [factories.write_named, factories.write_hugging_face])
def test_one_file_with_a_tensor_too_few_or_too_many_is_refused(
    tmp_path: Path,
    tokenizer_file: Path,
    params: Params,
    weights: dict[str, Array],
    write: Callable[[Path, Path, Params, dict[str, Array]], Path],
) -> None:
    folder = write(tmp_path / "m", tokenizer_file, params, weights)
    file = folder / "model.safetensors"
    tensors, name = load_file(file), matrix_in(file)
    bias = name.removesuffix("weight") + "bias"
    save_file(tensors | {bias: torch.zeros(3)}, file)
    assert (refusal(folder).file, refusal(folder).tensor) == (file, bias)
    tensors.pop(name)
    save_file(tensors, file)
    assert (refusal(folder).file, refusal(folder).tensor) == (file, name)
    file.unlink()
    file.mkdir()
    assert refusal(folder).file == file


def test_a_tokenizer_of_another_size_is_refused(
    tmp_path: Path, tokenizer_file: Path, params: Params, weights: dict[str, Array]
) -> None:
    shorter = {name: weights[name][:-8] for name in ("output.weight", "tok_embeddings.weight")}
    folder = factories.write_named(tmp_path / "a", tokenizer_file, params, weights | shorter)
    assert refusal(folder).tensor in shorter
    folder = factories.write_hugging_face(tmp_path / "b", tokenizer_file, params, weights | shorter)
    assert refusal(folder).tensor in ("model.embed_tokens.weight", "lm_head.weight")
