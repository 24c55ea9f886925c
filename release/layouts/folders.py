"""Which layouts lie in a folder, and where its tokenizer is."""

from __future__ import annotations

from pathlib import Path

from release.client.manifest import Layout
from release.layouts.errors import Unloadable
from release.layouts.hf_tokenizer import read_vocabulary
from release.layouts.names import CONFIG, INDEX, PARAMS, TOKENIZER_JSON, TOKENIZER_MODEL
from release.layouts.sentencepiece_model import read_model


def layouts_in(folder: Path) -> frozenset[Layout]:
    """Those that the folder has weights or a description of, complete or not; raises Unloadable for none."""
    names = {path.name for path in folder.iterdir()}
    found = set()
    if PARAMS in names or any(name.endswith(".pth") for name in names):
        found.add(Layout.META)
    if {CONFIG, INDEX} & names or any(name.endswith(".safetensors") for name in names):
        found.add(Layout.HF)
    if not found:
        raise Unloadable(PARAMS, f"is missing, and so is {CONFIG}: these are no weights of a LLaMA")
    return frozenset(found)


def tokenizer_folder(folder: Path) -> Path:
    """Where `tokenizer.model` lies: beside the weights or, as Meta has it, one folder up."""
    return folder if (folder / TOKENIZER_MODEL).is_file() else folder.parent


def vocabulary(folder: Path) -> int:
    """How many tokens the tokenizer has; where both kinds of file are there they must agree. Raises Unloadable."""
    beside = folder / TOKENIZER_JSON
    place = tokenizer_folder(folder)
    if beside.is_file() and not (place / TOKENIZER_MODEL).is_file():
        return len(read_vocabulary(folder))
    pieces = read_model(place).pieces
    if beside.is_file() and read_vocabulary(folder) != {n: piece.text for n, piece in enumerate(pieces)}:
        raise Unloadable(TOKENIZER_JSON, f"has other tokens than {TOKENIZER_MODEL}")
    return len(pieces)
