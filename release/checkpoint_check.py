"""Is this folder a loadable LLaMA in Meta's layout? `python -m release.checkpoint_check FOLDER`.

Runs as a process of its own (started by `checkpoint.py`), for two reasons: it reads files that somebody else made, so
it gives up memory, processor time and the right to write first; and it needs torch, which no web process may import.
Prints one JSON object: {"shape": {...}} or {"file": ..., "tensor": ..., "reason": ...}.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from torch import Tensor

GIB = 1024**3
WORKING_BYTES = 2 * GIB  # beyond the files themselves, which are mapped
CPU_SECONDS, BYTES_PER_CPU_SECOND = 120, 20_000_000
MAX_JSON_BYTES = 1_000_000
FLOATS = (torch.float16, torch.bfloat16, torch.float32)
# The axis along which model parallelism cuts a weight [outputs, inputs]; norms are whole in every shard.
CUT_AXIS = {
    "tok_embeddings": 1, "output": 0, "wq": 0, "wk": 0, "wv": 0, "wo": 1, "w1": 0, "w2": 1, "w3": 0,
}  # fmt: skip


class Unloadable(Exception):  # noqa: N818 - a finding, not an error of this program
    """`file` is relative to the folder; `tensor` where one is at fault; `reason` ends a sentence."""

    def __init__(self, file: str, reason: str, tensor: str = "") -> None:
        super().__init__(reason)
        self.file = file
        self.reason = reason
        self.tensor = tensor


@dataclass(frozen=True)
class Shape:
    """What the weights are, named as in the catalogue."""

    dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    ffn_hidden: int
    vocab_size: int
    shards: int

    @property
    def head_dim(self) -> int:
        return self.dim // self.n_heads

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor of the whole model."""
        shapes: dict[str, tuple[int, ...]] = {
            "tok_embeddings.weight": (self.vocab_size, self.dim),
            "norm.weight": (self.dim,),
            "output.weight": (self.vocab_size, self.dim),
        }
        for number in range(self.n_layers):
            shapes |= {f"layers.{number}.{name}": shape for name, shape in self._layer().items()}
        return shapes

    def _layer(self) -> dict[str, tuple[int, ...]]:
        return {
            "attention_norm.weight": (self.dim,),
            "attention.wq.weight": (self.n_heads * self.head_dim, self.dim),
            "attention.wk.weight": (self.n_kv_heads * self.head_dim, self.dim),
            "attention.wv.weight": (self.n_kv_heads * self.head_dim, self.dim),
            "attention.wo.weight": (self.dim, self.n_heads * self.head_dim),
            "ffn_norm.weight": (self.dim,),
            "feed_forward.w1.weight": (self.ffn_hidden, self.dim),
            "feed_forward.w2.weight": (self.dim, self.ffn_hidden),
            "feed_forward.w3.weight": (self.ffn_hidden, self.dim),
        }


def check(folder: Path) -> tuple[Shape, int]:
    """The model's shape and its number of parameters; raises Unloadable naming file and tensor."""
    shards = shard_names(folder)
    check_sums(folder, [*shards, "params.json"])
    shape = read_shape(folder, vocabulary(folder), len(shards))
    first: dict[str, Tensor] = {}
    for name in shards:
        tensors = read_shard(folder, name)
        check_shard(name, tensors, shape, first)
        first = first or {key: tensors[key].clone() for key in shape.tensors() if _axis(key) is None}
    return shape, sum(math.prod(size) for size in shape.tensors().values())


def shard_names(folder: Path) -> list[str]:
    """`consolidated.00.pth` and so on, without a gap."""
    found = sorted(path.name for path in folder.glob("consolidated.*.pth"))
    expected = [f"consolidated.{rank:02d}.pth" for rank in range(max(1, len(found)))]
    for name in expected:
        if name not in found:
            raise Unloadable(name, "is missing")
    return expected


def check_sums(folder: Path, required: list[str]) -> None:
    """Compare the MD5 sums of `checklist.chk`, which must list all that is `required`."""
    sums: dict[str, str] = {}
    for line in _read(folder, "checklist.chk").decode("ascii", errors="replace").splitlines():
        entry = re.fullmatch(r"([0-9a-fA-F]{32}) [ *]?([\w.-]+)\s*", line)
        if entry is None:
            raise Unloadable("checklist.chk", "has a line that is not an MD5 sum and the name of a file beside it")
        sums[entry[2]] = entry[1].lower()
    for name in required:
        if name not in sums:
            raise Unloadable("checklist.chk", f"does not list {name}")
    for name, expected in sums.items():
        if not (folder / name).is_file():
            raise Unloadable(name, "is listed in checklist.chk but missing")
        with (folder / name).open("rb") as file:
            actual = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if actual != expected:
            raise Unloadable(name, f"has MD5 {actual}, but checklist.chk says {expected}")


def vocabulary(folder: Path) -> int:
    """The number of pieces of the tokenizer, which lies beside the weights or, as Meta has it, one folder up."""
    beside = (folder / "tokenizer.model").is_file()
    content = _read(folder if beside else folder.parent, "tokenizer.model")
    processor = sentencepiece.SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(content)
        size = int(processor.get_piece_size())
    except (RuntimeError, OSError):
        size = 0
    if not size or processor.bos_id() < 0 or processor.eos_id() < 0:
        raise Unloadable("tokenizer.model", "is not a SentencePiece model with tokens for begin and end")
    return size


def read_shape(folder: Path, vocab_size: int, shards: int) -> Shape:
    """`params.json` in the terms of the catalogue; a vocabulary of -1 means: as the tokenizer has it."""
    content = _read(folder, "params.json")
    try:
        params = json.loads(content) if len(content) <= MAX_JSON_BYTES else None
    except (ValueError, RecursionError):
        params = None
    if not isinstance(params, dict):
        raise Unloadable("params.json", "is not a JSON object of ordinary size")
    dim, heads = _count(params, "dim"), _count(params, "n_heads")
    kv_heads = _count(params, "n_kv_heads", default=heads)
    said = params.get("vocab_size", -1)
    if said not in (-1, vocab_size):
        raise Unloadable("params.json", f"says vocab_size {said!r}, but the tokenizer has {vocab_size} pieces")
    if dim % heads or (dim // heads) % 2 or heads % kv_heads:
        raise Unloadable(
            "params.json", f"does not give heads of even size: dim {dim}, {heads} heads, {kv_heads} for keys"
        )
    return Shape(dim, _count(params, "n_layers"), heads, kv_heads, _ffn_hidden(params, dim), vocab_size, shards)


def read_shard(folder: Path, name: str) -> dict[str, Tensor]:
    """The tensors of one file, mapped and not copied. `weights_only` refuses everything that could run code."""
    try:
        tensors = torch.load(folder / name, map_location="cpu", weights_only=True, mmap=True)
    except MemoryError:
        raise
    except Exception:  # damaged and hostile files provoke almost any of them
        raise Unloadable(name, "is not an intact PyTorch file of plain tensors, or carries code") from None
    if not isinstance(tensors, dict):
        raise Unloadable(name, "does not hold a dictionary of tensors")
    return tensors


def check_shard(name: str, tensors: dict[Any, Any], shape: Shape, first: dict[str, Tensor]) -> None:
    """Every tensor that belongs there, in its shape and with finite numbers, and no other."""
    expected = shape.tensors()
    for tensor, size in expected.items():
        if tensor not in tensors:
            raise Unloadable(name, "is missing", tensor)
        problem = tensor_problem(tensors[tensor], _part(size, _axis(tensor), shape.shards))
        if problem:
            raise Unloadable(name, problem, tensor)
        if tensor in first and not torch.equal(tensors[tensor], first[tensor]):
            raise Unloadable(name, "differs from the same tensor in consolidated.00.pth", tensor)
    for extra in tensors:
        if extra not in expected and not str(extra).endswith("rope.freqs"):  # Meta's files repeat what params.json says
            raise Unloadable(name, "does not belong to a LLaMA of this params.json", str(extra)[:100])


def tensor_problem(tensor: Any, size: tuple[int, ...]) -> str | None:
    """Why this is not a tensor of floats of this size."""
    if not isinstance(tensor, Tensor) or tensor.layout != torch.strided or tensor.device.type != "cpu":
        return "is not a plain tensor"
    if tuple(tensor.shape) != size:
        return f"has shape {list(tensor.shape)} instead of {list(size)}"
    if tensor.dtype not in FLOATS:
        return f"has numbers of type {tensor.dtype} instead of 16 or 32 bit floats"
    low, high = tensor.aminmax()  # NaN spreads to both ends
    return None if low.isfinite() and high.isfinite() else "holds NaN or infinity"


def _axis(tensor: str) -> int | None:
    return CUT_AXIS.get(tensor.split(".")[-2])


def _part(size: tuple[int, ...], axis: int | None, shards: int) -> tuple[int, ...]:
    return tuple(length // shards if place == axis else length for place, length in enumerate(size))


def _ffn_hidden(params: dict[str, Any], dim: int) -> int:
    """Two thirds of four times dim, scaled where asked, rounded up to a multiple."""
    multiplier = params.get("ffn_dim_multiplier") or 1
    if isinstance(multiplier, bool) or not isinstance(multiplier, int | float) or not 0 < multiplier < 100:
        raise Unloadable("params.json", "has an ffn_dim_multiplier that is not a number above 0")
    multiple = _count(params, "multiple_of", default=256)
    return -(-int(multiplier * int(8 * dim / 3)) // multiple) * multiple


def _count(params: dict[str, Any], name: str, default: int | None = None) -> int:
    value = default if params.get(name) is None else params[name]
    if type(value) is not int or not 1 <= value <= 1 << 20:
        raise Unloadable("params.json", f"must give {name} as a whole number from 1 to {1 << 20}")
    return value


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError:
        raise Unloadable(name, "is missing or cannot be read") from None


def limit(folder: Path) -> None:
    """From here on: memory for the mapped files and some work, time by their size, no large file, no core dump."""
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    limits = {
        resource.RLIMIT_DATA: size + WORKING_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS + size // BYTES_PER_CPU_SECOND,
        resource.RLIMIT_FSIZE: 65_536,  # enough for the answer, should it go to a file
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))


def main(folder: Path) -> dict[str, Any]:
    torch.set_num_threads(1)
    limit(folder)
    try:
        shape, parameters = check(folder)
    except Unloadable as finding:
        return {"file": finding.file, "tensor": finding.tensor, "reason": finding.reason}
    except MemoryError:
        return {"file": "", "tensor": "", "reason": "needs more memory to read than its files are large"}
    return {"shape": {**asdict(shape), "parameters": parameters}}


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
