"""Weights in Hugging Face's layout: `config.json`, and safetensors files, with an index where there are several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from release.layouts.errors import Unloadable
from release.layouts.hf_config import read_config
from release.layouts.jsonfiles import read_object
from release.layouts.names import (
    CONFIG,
    EMBEDDINGS,
    HF_FREQUENCIES,
    HF_OUTPUT,
    INDEX,
    ONE_FILE,
    OUTPUT,
    hf_name,
    is_rotated,
)
from release.layouts.rotary import Order, Permuted
from release.layouts.safetensors import read_tensors
from release.layouts.tensors import Stored, Tensor
from release.layouts.weights import Weights, require_shape

MAX_INDEX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class HfWeights(Weights):
    """`stored` are the tensors as the files have them, by Hugging Face's names."""

    stored: Mapping[str, Stored] = field(default_factory=dict)


def open_hf(folder: Path, vocab_size: int) -> HfWeights:
    """Every tensor found and of the right shape; no number of them is read yet. Raises Unloadable."""
    config = read_config(folder)
    architecture = config.architecture
    if architecture.vocab_size != vocab_size:
        raise Unloadable(
            CONFIG, f"says vocab_size {architecture.vocab_size}, but the tokenizer has {vocab_size} tokens"
        )
    stored = _stored(folder)
    shapes = architecture.tensors()
    if config.tied and HF_OUTPUT not in stored:
        shapes.pop(OUTPUT)
    expected = {hf_name(name): shape for name, shape in shapes.items()}
    _check(expected, stored)
    tensors: dict[str, Tensor] = {name: _as_meta(name, stored, architecture.head_dim) for name in shapes}
    tensors.setdefault(OUTPUT, tensors[EMBEDDINGS])
    return HfWeights(architecture, tensors, tied=config.tied, stored=stored)


def as_hf(name: str, tensor: Tensor, head_dim: int) -> Tensor:
    """A whole tensor of Meta's with its rows as Hugging Face's code wants them."""
    return Permuted(tensor, head_dim, Order.HALVES) if is_rotated(name) else tensor


def _as_meta(name: str, stored: dict[str, Stored], head_dim: int) -> Tensor:
    tensor = stored[hf_name(name)]
    return Permuted(tensor, head_dim, Order.NEIGHBOURS) if is_rotated(name) else tensor


def _check(expected: dict[str, tuple[int, ...]], stored: dict[str, Stored]) -> None:
    files = {tensor.file.name for tensor in stored.values()}
    for name, shape in expected.items():
        if name not in stored:
            raise Unloadable(INDEX if len(files) > 1 else ONE_FILE, "is missing", name)
        require_shape(stored[name].file.name, name, stored[name], shape)
    for extra in stored.keys() - expected.keys():
        raise Unloadable(stored[extra].file.name, "does not belong to a LLaMA of this config.json", extra[:100])


def _stored(folder: Path) -> dict[str, Stored]:
    """The tensors of all files, without the rotary frequencies that older conversions repeat."""
    found: dict[str, Stored] = {}
    for file, names in _files(folder).items():
        tensors = read_tensors(folder, file)
        if names is not None and names != tensors.keys():
            wrong = min(names ^ tensors.keys())
            raise Unloadable(INDEX, f"and {file} disagree about where it is", wrong[:100])
        found |= tensors
    return {name: tensor for name, tensor in found.items() if not name.endswith(HF_FREQUENCIES)}


def _files(folder: Path) -> Mapping[str, set[str] | None]:
    """The safetensors files, with the tensors that the index puts in each, if there is one."""
    here = {path.name for path in folder.glob("*.safetensors")}
    if not (folder / INDEX).is_file():
        if here != {ONE_FILE}:
            raise Unloadable(INDEX if len(here) > 1 else ONE_FILE, "is missing")
        return {ONE_FILE: None}
    weight_map = read_object(folder, INDEX, MAX_INDEX_BYTES).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise Unloadable(INDEX, "has no weight_map")
    placed: dict[str, set[str]] = {}
    for tensor, file in weight_map.items():
        if not isinstance(file, str) or PurePosixPath(file).name != file or not file.endswith(".safetensors"):
            raise Unloadable(INDEX, f"puts it in {str(file)[:100]!r}, which is no file beside it", tensor[:100])
        placed.setdefault(file, set()).add(tensor)
    for file in sorted(here ^ placed.keys()):
        raise Unloadable(file, f"is named in {INDEX} but missing" if file in placed else f"is not named in {INDEX}")
    return placed
