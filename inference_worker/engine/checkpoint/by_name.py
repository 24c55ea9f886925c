"""Whole parameters by name, in one safetensors file or in several with an index."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ..errors import CheckpointError
from ..json_file import read_object
from .piece import IGNORED, Piece, check_names, check_tensor, shown
from .safetensors import read_tensors

ONE_FILE = "model.safetensors"
INDEX = "model.safetensors.index.json"
MAX_INDEX_BYTES = 8 << 20


def pieces(
    folder: Path, shapes: Mapping[str, tuple[int, ...]], names: Mapping[str, str], optional: Collection[str] = ()
) -> Iterator[Piece]:
    """The parameters of these shapes, file by file; `names` says how each is called there.

    `optional` are names in the files that need not be there. An index is checked as a whole before the first file,
    a file before its first tensor.
    """
    ours = {stored: name for name, stored in names.items()}
    index = _read_index(folder)
    if index is not None:
        check_names(folder / INDEX, index, ours, optional)
    for file in [_only_file(folder)] if index is None else sorted({folder / name for name in index.values()}):
        tensors = read_tensors(file)
        if index is None:
            check_names(file, tensors, ours, optional)
        else:
            _compare_with_index(file, tensors, {name for name, place in index.items() if place == file.name})
        for stored in ours.keys() & tensors.keys():
            check_tensor(file, stored, tensors[stored], shapes[ours[stored]])
        for stored in [name for name in tensors if name in ours]:
            whole = tuple(range(size) for size in shapes[ours[stored]])
            yield Piece(file, ours[stored], stored, tensors.pop(stored), whole)


def _only_file(folder: Path) -> Path:
    """Under whatever name."""
    found = sorted(folder.glob("*.safetensors"))
    if len(found) > 1:
        raise CheckpointError(folder / INDEX, "the file is missing, without which only one *.safetensors can be read")
    return found[0] if found else folder / ONE_FILE


def _read_index(folder: Path) -> dict[str, str] | None:
    """The file of each tensor; None where there is no index."""
    path = folder / INDEX
    if not path.exists():
        return None
    index = read_object(path, max_bytes=MAX_INDEX_BYTES).get("weight_map")
    if not isinstance(index, dict) or not index:
        raise CheckpointError(path, "has no weight_map")
    for name, file in index.items():
        if not isinstance(file, str) or not re.fullmatch(r"[\w. -]+\.safetensors", file):
            raise CheckpointError(path, "does not say a file beside it", tensor=shown(name))
    return index


def _compare_with_index(file: Path, found: Collection[str], expected: set[str]) -> None:
    """Each file must hold what the index has there, no less and no more."""
    for name in sorted(expected.symmetric_difference(found)):
        if not name.endswith(IGNORED):
            fault = f"is missing, where {INDEX} has it" if name in expected else f"is here, where {INDEX} has it not"
            raise CheckpointError(file, fault, tensor=shown(name))
