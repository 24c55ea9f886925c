"""Meta's layout to Hugging Face's and back: every number kept as it is, the same bytes on every run and machine.

Tensors pass through one block at a time, so a 65B model needs no more memory than a small one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from release.layouts.architecture import USUAL_CONTEXT
from release.layouts.checklist import checklist_text
from release.layouts.errors import ConversionRefusedError
from release.layouts.folders import tokenizer_folder, vocabulary
from release.layouts.hf_config import config_json, generation_config_json
from release.layouts.hf_layout import as_hf, open_hf
from release.layouts.hf_tokenizer import tokenizer_config_json, tokenizer_json
from release.layouts.jsonfiles import encode
from release.layouts.meta_layout import cut, open_meta, require_cuts
from release.layouts.names import (
    CHECKLIST,
    CONFIG,
    GENERATION_CONFIG,
    INDEX,
    ONE_FILE,
    PARAMS,
    SHARD_COUNTS,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
    TOKENIZER_MODEL,
    hf_name,
    shard_name,
)
from release.layouts.params import params_json
from release.layouts.placing import new_files
from release.layouts.pth_writing import write_shard
from release.layouts.safetensors import write_tensors
from release.layouts.sentencepiece_model import SentencePieceModel, read_model
from release.layouts.tensors import Tensor, Watched, size_bytes
from release.layouts.weights import Weights

FILE_BYTES = 5_000_000_000  # at most, of one safetensors file: what Hugging Face's tools write too

Progress = Callable[[str, int], None]  # (file being written, bytes since the last call)


def quiet(path: str, size: int) -> None:
    """The Progress that shows nothing."""


def to_hf(
    folder: Path,
    out: Path,
    *,
    context_tokens: int | None = None,
    file_bytes: int = FILE_BYTES,
    progress: Progress = quiet,
) -> None:
    """Add Hugging Face's layout of the weights in `folder` to `out`, which may be the same folder.

    `context_tokens` is for configurations, where Meta's files do not say it; 2048 unless told. Raises Unloadable for
    weights that are not sound, and ConversionRefusedError; then `out` is as before.
    """
    tokenizer = read_model(tokenizer_folder(folder))
    meta = open_meta(folder, len(tokenizer.pieces))
    context = context_tokens or meta.architecture.context_tokens or USUAL_CONTEXT
    with new_files(out, CONFIG, meta.size_bytes) as place:
        _write_hf_tensors(meta, place, file_bytes, progress)
        _write_hf_texts(meta, tokenizer, context, place)
        if out.resolve() != folder.resolve():
            shutil.copyfile(tokenizer_folder(folder) / TOKENIZER_MODEL, place / TOKENIZER_MODEL)


def to_meta(folder: Path, out: Path, *, shards: int = 1, progress: Progress = quiet) -> None:
    """Add Meta's layout of the weights in `folder` to `out`, in 1, 2, 4 or 8 shards, with `checklist.chk`.

    Raises Unloadable for weights that are not sound or cannot be cut so, and ConversionRefusedError; then `out` is as
    before.
    """
    if shards not in SHARD_COUNTS:
        raise ConversionRefusedError(f"A LLaMA comes in 1, 2, 4 or 8 shards, not in {shards}.")
    tokenizer = tokenizer_folder(folder) / TOKENIZER_MODEL
    if not tokenizer.is_file():
        raise ConversionRefusedError(f"Meta's layout needs {TOKENIZER_MODEL}, and {folder} has none.")
    hf = open_hf(folder, vocabulary(folder))
    require_cuts(CONFIG, hf.architecture, shards)
    with new_files(out, PARAMS, hf.size_bytes) as place:
        for rank in range(shards):
            parts = {name: cut(name, whole, rank, shards) for name, whole in hf.tensors.items()}
            with (place / shard_name(rank)).open("xb") as file:
                write_shard(file, _watched(parts, shard_name(rank), progress))
        (place / PARAMS).write_bytes(params_json(hf.architecture))
        if out.resolve() != folder.resolve():
            shutil.copyfile(tokenizer, place / TOKENIZER_MODEL)
        listed = list(place.iterdir())
        if out.resolve() == tokenizer.parent.resolve():
            listed.append(tokenizer)
        (place / CHECKLIST).write_bytes(checklist_text(listed))


def plan_files(tensors: Mapping[str, Tensor], file_bytes: int) -> list[list[str]]:
    """Which tensors go into which file: in the order of their names, a new file where the next would not fit."""
    files: list[list[str]] = [[]]
    filled = 0
    for name in sorted(tensors):
        size = size_bytes(tensors[name])
        if files[-1] and filled + size > file_bytes:
            files.append([])
            filled = 0
        files[-1].append(name)
        filled += size
    return files


def _write_hf_tensors(meta: Weights, place: Path, file_bytes: int, progress: Progress) -> None:
    """The safetensors files and, where there are several, their index."""
    head_dim = meta.architecture.head_dim
    tensors = {hf_name(name): as_hf(name, tensor, head_dim) for name, tensor in meta.tensors.items()}
    plan = plan_files(tensors, file_bytes)
    for number, names in enumerate(plan, start=1):
        path = place / _file_name(number, plan)
        with path.open("xb") as file:
            write_tensors(file, _watched({name: tensors[name] for name in names}, path.name, progress))
    if len(plan) > 1:
        weight_map = {name: _file_name(number, plan) for number, names in enumerate(plan, start=1) for name in names}
        index = {"metadata": {"total_size": meta.size_bytes}, "weight_map": weight_map}
        (place / INDEX).write_bytes(encode(index))


def _write_hf_texts(meta: Weights, tokenizer: SentencePieceModel, context_tokens: int, place: Path) -> None:
    bos, eos = tokenizer.bos_id, tokenizer.eos_id
    architecture = replace(meta.architecture, context_tokens=context_tokens)
    texts = {
        CONFIG: config_json(architecture, meta.dtype, bos, eos),
        GENERATION_CONFIG: generation_config_json(bos, eos),
        TOKENIZER_JSON: tokenizer_json(tokenizer),
        TOKENIZER_CONFIG: tokenizer_config_json(tokenizer, context_tokens),
    }
    for name, content in texts.items():
        (place / name).write_bytes(content)


def _file_name(number: int, plan: Sequence[Sequence[str]]) -> str:
    return ONE_FILE if len(plan) == 1 else f"model-{number:05d}-of-{len(plan):05d}.safetensors"


def _watched(tensors: Mapping[str, Tensor], file: str, progress: Progress) -> dict[str, Tensor]:
    return {name: Watched(tensor, lambda size: progress(file, size)) for name, tensor in tensors.items()}
