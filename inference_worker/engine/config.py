"""The shape of a model (from its `params.json`) and the settings of the engine that runs it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from .errors import CheckpointError, ConfigError
from .json_file import read_object

DType = Literal["float32", "bfloat16", "float16"]
DTYPES: tuple[DType, ...] = ("float32", "bfloat16", "float16")
WeightForm = Literal["full", "int8", "int4"]
WEIGHT_FORMS: tuple[WeightForm, ...] = ("full", "int8", "int4")
MAX_PARAMS_BYTES = 1 << 20

# Far beyond any LLaMA, so that a hostile params.json cannot make us allocate without end.
LARGEST = {
    "dim": 1 << 16,
    "n_layers": 1 << 10,
    "n_heads": 1 << 10,
    "n_kv_heads": 1 << 10,
    "multiple_of": 1 << 16,
    "intermediate_size": 1 << 20,
    "vocab_size": 1 << 20,
    "context_tokens": 1 << 20,
    "norm_eps": 1.0,
    "ffn_dim_multiplier": 16.0,
    "rope_theta": 1e9,
}


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of a LLaMA 1 or 2 model, in the words of its `params.json`.

    `intermediate_size` is the width of the SwiGLU layer where a `config.json` gives it; else `ffn_dim` follows from
    dim, ffn_dim_multiplier and multiple_of. Raises ConfigError when the numbers cannot describe a model.
    """

    dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    multiple_of: int
    norm_eps: float
    vocab_size: int
    ffn_dim_multiplier: float = 1.0
    rope_theta: float = 10000.0
    context_tokens: int = 2048
    intermediate_size: int | None = None

    def __post_init__(self) -> None:
        for name in (
            "dim",
            "n_layers",
            "n_heads",
            "n_kv_heads",
            "multiple_of",
            "vocab_size",
            "context_tokens",
        ):
            _require_count(name, getattr(self, name), LARGEST[name])
        for name in ("norm_eps", "ffn_dim_multiplier", "rope_theta"):
            _require_positive(name, getattr(self, name), LARGEST[name])
        if self.intermediate_size is not None:
            _require_count("intermediate_size", self.intermediate_size, LARGEST["intermediate_size"])
        if self.dim % self.n_heads or self.head_dim % 2:
            raise ConfigError(f"dim {self.dim} does not give {self.n_heads} heads of even size")
        if self.n_heads % self.n_kv_heads:
            raise ConfigError(f"n_heads {self.n_heads} is not a multiple of n_kv_heads {self.n_kv_heads}")

    @property
    def head_dim(self) -> int:
        return self.dim // self.n_heads

    @property
    def ffn_dim(self) -> int:
        """Width of the SwiGLU layer: 2/3 of 4 dim (Shazeer 2020, section 3), scaled and rounded up, unless given."""
        if self.intermediate_size is not None:
            return self.intermediate_size
        width = int(self.ffn_dim_multiplier * int(8 * self.dim / 3))
        return math.ceil(width / self.multiple_of) * self.multiple_of

    @classmethod
    def from_params(cls, path: Path, *, tokenizer_vocab_size: int) -> ModelConfig:
        """Read `params.json`; raises CheckpointError naming the file.

        LLaMA 1 and 2 files say `vocab_size: -1`, which means: as many as the tokenizer has. `max_seq_len`,
        where the file has it, becomes `context_tokens`.
        """
        params = read_object(path, max_bytes=MAX_PARAMS_BYTES)
        values = {key: value for key, value in params.items() if value is not None}
        values.setdefault("n_kv_heads", values.get("n_heads"))
        if "max_seq_len" in values:
            values["context_tokens"] = values.pop("max_seq_len")
        if values.get("vocab_size", -1) == -1:
            values["vocab_size"] = tokenizer_vocab_size
        elif values["vocab_size"] != tokenizer_vocab_size:
            raise CheckpointError(
                path,
                f"vocab_size is {values['vocab_size']}, but the tokenizer has {tokenizer_vocab_size} pieces",
            )
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{key: value for key, value in values.items() if key in known})
        except (ConfigError, TypeError) as error:
            raise CheckpointError(path, str(error).replace("ModelConfig.__init__()", "it is")) from None


@dataclass(frozen=True)
class EngineConfig:
    """How to run a model; raises ConfigError when a value makes no sense.

    `weights`: in how many bits they are kept, made so when they are loaded; "full" as `dtype` says.
    `max_batch_size`: requests that run at once.
    `max_batch_tokens`: tokens computed in one step, of prompts and answers together.
    `kv_bytes`: memory for keys and values; a full context for each of the requests that run at once unless told.
    `shares_prefixes`: whether requests that begin alike read the same keys and values.
    """

    device: str = "cpu"
    dtype: DType = "float32"
    weights: WeightForm = "full"
    max_batch_size: int = 16
    max_batch_tokens: int = 512
    kv_bytes: int | None = None
    shares_prefixes: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.device, str) or not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            raise ConfigError(f"device must be cpu, cuda or cuda:N, not {self.device!r}")
        if self.dtype not in DTYPES:
            raise ConfigError(f"dtype must be one of {', '.join(DTYPES)}, not {self.dtype!r}")
        if self.weights not in WEIGHT_FORMS:
            raise ConfigError(f"weights must be one of {', '.join(WEIGHT_FORMS)}, not {self.weights!r}")
        _require_count("max_batch_size", self.max_batch_size, 1 << 16)
        _require_count("max_batch_tokens", self.max_batch_tokens, 1 << 30)
        if self.max_batch_tokens < self.max_batch_size:
            raise ConfigError("max_batch_tokens must be at least max_batch_size: each request takes one in every step")
        if self.kv_bytes is not None:
            _require_count("kv_bytes", self.kv_bytes, 1 << 50)


def _require_count(name: str, value: object, largest: float) -> None:
    if type(value) is not int or not 1 <= value <= largest:
        raise ConfigError(f"{name} must be a whole number from 1 to {largest}")


def _require_positive(name: str, value: object, largest: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= largest:
        raise ConfigError(f"{name} must be a number above 0 and at most {largest}")
