"""What a model folder holds: which layout, which configuration, which tokenizer; no torch here."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path

from ..config import ModelConfig
from ..errors import CheckpointError
from . import config_json

PARAMS = "params.json"
CONFIG = "config.json"
TOKENIZER = "tokenizer.model"
HUGGING_FACE_TOKENIZER = "tokenizer.json"


class Layout(Enum):
    META = auto()  # params.json and consolidated.NN.pth
    META_SAFETENSORS = auto()  # params.json and *.safetensors with Meta's names
    HUGGING_FACE = auto()  # config.json and *.safetensors


def layout_of(folder: Path) -> Layout:
    """Of two layouts in one folder Meta's is taken, which needs no converting."""
    if any(folder.glob("consolidated.*.pth")):
        return Layout.META
    if (folder / CONFIG).exists():
        return Layout.HUGGING_FACE
    if any(folder.glob("*.safetensors")):
        return Layout.META_SAFETENSORS
    return Layout.META


def read_model_config(folder: Path, *, tokenizer_vocab_size: int) -> ModelConfig:
    """From `params.json` or `config.json`; raises CheckpointError naming the file."""
    if layout_of(folder) is Layout.HUGGING_FACE:
        return config_json.model_config(folder / CONFIG, tokenizer_vocab_size=tokenizer_vocab_size)
    return ModelConfig.from_params(folder / PARAMS, tokenizer_vocab_size=tokenizer_vocab_size)


def tokenizer_file(folder: Path) -> Path:
    """Beside the weights, or one folder up, where Meta's download script puts it; raises CheckpointError."""
    own, shared = folder / TOKENIZER, folder.absolute().parent / TOKENIZER
    if not own.exists() and shared.is_file():
        return shared
    if not own.exists() and (folder / HUGGING_FACE_TOKENIZER).exists():
        cure = "copy it from where the model was first published"
        raise CheckpointError(own, f"the file is missing, and {HUGGING_FACE_TOKENIZER} cannot stand in for it: {cure}")
    return own
