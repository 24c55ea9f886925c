"""From the files of a model folder to its parameters on a device, each number checked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..config import ModelConfig, WeightForm
from ..errors import CheckpointError, ConfigError
from ..model import Transformer, parameter_shapes
from . import by_name, hugging_face, meta
from .config_json import is_tied
from .folder import CONFIG, Layout, layout_of
from .part import WHOLE, Part, Region, overlap, size_of, within
from .piece import Piece, check_finite

EMBEDDINGS, OUTPUT = "tok_embeddings.weight", "output.weight"


def load_model(
    folder: Path, config: ModelConfig, *, device: torch.device, dtype: torch.dtype, weights: WeightForm = "full"
) -> Transformer:
    """The whole model, converted to `dtype` on one device; raises CheckpointError naming file and tensor."""
    parameters = load_parameters(folder, config, device=device, dtype=dtype)
    with torch.inference_mode():
        return Transformer(config, parameters, weights)


@torch.no_grad()
def load_parameters(
    folder: Path, config: ModelConfig, *, device: torch.device, dtype: torch.dtype, part: Part = WHOLE
) -> dict[str, Tensor]:
    """What one of `part.count` devices needs of each parameter, by Meta's names.

    Files are mapped into memory one after the other, and nothing that they contain is ever executed. Raises
    CheckpointError naming file and tensor, ConfigError when the model cannot be shared so or has no room.
    """
    part.check(config)
    shapes = parameter_shapes(config)
    parameters: dict[str, Tensor] = {}
    tied = layout_of(folder) is Layout.HUGGING_FACE and is_tied(folder / CONFIG)
    for piece in _pieces(folder, config, shapes, tied):
        wanted = part.region(piece.name, shapes[piece.name])
        if piece.name not in parameters:
            parameters[piece.name] = _room(size_of(wanted), device, dtype)
            _place(piece, parameters[piece.name], wanted)
        elif piece.region == tuple(range(size) for size in shapes[piece.name]):
            _compare(piece, parameters[piece.name])
        else:
            _place(piece, parameters[piece.name], wanted)
    if tied:
        _tie(folder, parameters, part.region(OUTPUT, shapes[OUTPUT]))
    return parameters


def _pieces(folder: Path, config: ModelConfig, shapes: Mapping[str, tuple[int, ...]], tied: bool) -> Iterator[Piece]:
    layout = layout_of(folder)
    if layout is Layout.META:
        return meta.pieces(folder, shapes)
    if layout is Layout.META_SAFETENSORS:
        return by_name.pieces(folder, shapes, {name: name for name in shapes})
    return hugging_face.pieces(folder, shapes, head_dim=config.head_dim, tied=tied)


def _tie(folder: Path, parameters: dict[str, Tensor], rows: Region) -> None:
    """The output is then the embeddings' own memory."""
    embeddings = parameters[EMBEDDINGS][rows[0].start : rows[0].stop]
    if OUTPUT in parameters and not torch.equal(parameters[OUTPUT], embeddings):
        raise CheckpointError(
            folder / CONFIG,
            "says tie_word_embeddings, but the files have an output unlike the embeddings",
            tensor=hugging_face.OUTPUT,
        )
    parameters[OUTPUT] = embeddings


def _room(shape: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    try:
        return torch.empty(shape, device=device, dtype=dtype)
    except RuntimeError as error:  # for want of memory, most of the time
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"{device} has no room for the model as {dtype}: {reason}") from None


def _place(piece: Piece, target: Tensor, wanted: Region) -> None:
    """Copy what the piece holds of the region that `target` is."""
    common = overlap(piece.region, wanted)
    if not all(common):
        return
    source = piece.tensor[within(common, piece.region)]
    place = target[within(common, wanted)]
    place.copy_(source if piece.arranged is None else piece.arranged(source))
    check_finite(piece.file, piece.stored_as, place)


def _compare(piece: Piece, first: Tensor) -> None:
    """Parameters that every shard repeats must agree."""
    if not torch.equal(piece.tensor.to(first), first):
        raise CheckpointError(piece.file, "differs from the same tensor in the first file", tensor=piece.stored_as)
