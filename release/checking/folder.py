"""Is this folder a loadable LLaMA, in Meta's layout, in Hugging Face's, or in both and then the same one?

Descriptions and tables of contents come first, numbers last: what does not fit is refused before much is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import sentencepiece

from release.checking.foreign import refuse_foreign_code
from release.checking.numbers import all_finite
from release.client.manifest import Layout
from release.layout_of import layout_of
from release.layouts.checklist import check_sums
from release.layouts.errors import Unloadable
from release.layouts.folders import layouts_in, tokenizer_folder, vocabulary
from release.layouts.hf_layout import HfWeights, open_hf
from release.layouts.meta_layout import MetaWeights, open_meta
from release.layouts.names import CHECKLIST, EMBEDDINGS, HF_OUTPUT, OUTPUT, PARAMS, TOKENIZER_MODEL
from release.layouts.tensors import Tensor, same_numbers
from release.layouts.weights import Weights

MAX_FILE_BYTES = 50_000_000_000  # Hub clients take no larger one; and no check should begin to read a terabyte
# Formats that loaders run, or that nothing here has looked into.
CARRY_CODE = (
    ".bin",
    ".ckpt",
    ".dll",
    ".msgpack",
    ".npy",
    ".npz",
    ".pickle",
    ".pkl",
    ".pt",
    ".py",
    ".pyc",
    ".so",
    ".h5",
)
WEIGHTS = (".pth", ".safetensors")  # read wherever they lie beside the configuration
CATALOGUE = ("dim", "n_layers", "n_heads", "n_kv_heads", "ffn_hidden", "vocab_size")


@dataclass(frozen=True)
class Checked:
    """`dimensions` are named as in the catalogue, `shards` among them where Meta's layout is there."""

    dimensions: dict[str, int]
    dtype: str
    layouts: frozenset[Layout]


def check(folder: Path, within: Path | None = None) -> Checked:
    """Read every byte that a loader would; raises Unloadable naming file and tensor.

    The weights lie in `folder`; all that is published lies `within`, which is the same folder unless told.
    """
    refuse_strangers(within or folder, folder)
    refuse_foreign_code(within or folder)
    layouts = layouts_in(folder)
    vocab_size = vocabulary(folder)
    load_tokenizer(tokenizer_folder(folder))
    meta = open_meta(folder, vocab_size) if Layout.META in layouts else None
    hf = open_hf(folder, vocab_size) if Layout.HF in layouts else None
    if meta and hf:
        require_one_architecture(meta, hf)
    if (folder / CHECKLIST).is_file():
        check_sums(folder, [*(shard.name for shard in meta.shards), PARAMS] if meta else [])
    if meta:
        check_meta_numbers(meta)
    if hf:
        check_hf_numbers(hf)
    if meta and hf:
        require_same_tensors(meta, hf)
    return _checked(layouts, meta, hf)


def refuse_strangers(within: Path, weights: Path) -> None:
    """Everything must be a plain file of possible size, and nothing a program or a pickle that is not looked into."""
    for path in sorted(within.rglob("*")):
        name = path.relative_to(within).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Unloadable(name, "is a link or not a plain file; put the file itself there")
        if path.is_dir():
            continue
        if path.stat().st_size > MAX_FILE_BYTES:
            raise Unloadable(name, f"is larger than {MAX_FILE_BYTES:,} bytes; split the weights into more shards")
        unread = _is_unread(path, weights)
        if path.name.lower().endswith(CARRY_CODE) or (unread and path.suffix.lower() == ".pth"):
            raise Unloadable(name, "belongs to no layout of a release, and its format can carry code; take it out")
        if unread:
            raise Unloadable(
                name, "would go out unchecked: what loaders read has to lie beside the weights, named in lower case"
            )


def _is_unread(path: Path, weights: Path) -> bool:
    """Would a loader take this file, while the check does not look at it?"""
    if path.suffix.lower() in WEIGHTS:
        return path.parent != weights or path.suffix not in WEIGHTS
    return path.parent != weights and layout_of(path.name) != Layout.ANY


def load_tokenizer(folder: Path) -> None:
    """Give the model to the library that will use it."""
    if not (folder / TOKENIZER_MODEL).is_file():
        return
    processor = sentencepiece.SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto((folder / TOKENIZER_MODEL).read_bytes())
        sound = processor.get_piece_size() > 0 and processor.bos_id() >= 0 and processor.eos_id() >= 0
    except (RuntimeError, OSError):
        sound = False
    if not sound:
        raise Unloadable(TOKENIZER_MODEL, "is not a SentencePiece model with tokens for begin and end")


def require_one_architecture(meta: MetaWeights, hf: HfWeights) -> None:
    difference = meta.architecture.difference(hf.architecture)
    if difference:
        raise Unloadable(PARAMS, f"and config.json describe different models: {difference}")


def check_meta_numbers(meta: MetaWeights) -> None:
    """CRCs of the archives, numbers of every shard, and what the shards repeat."""
    for shard in meta.shards:
        if not all(record.is_whole() for record in shard.records.values()):
            raise Unloadable(shard.name, "is damaged: a record is not what its CRC was made of")
        _require_finite(shard.name, shard.tensors.items())
    for name, copies in meta.repeated.items():
        for shard, copy in zip(meta.shards[1:], copies[1:], strict=True):
            if not same_numbers(copy, copies[0]):
                raise Unloadable(shard.name, f"differs from the same tensor in {meta.shards[0].name}", name)


def check_hf_numbers(hf: HfWeights) -> None:
    for name, tensor in hf.stored.items():
        _require_finite(tensor.file.name, [(name, tensor)])
    if hf.tied and HF_OUTPUT in hf.stored and not same_numbers(hf.tensors[OUTPUT], hf.tensors[EMBEDDINGS]):
        raise Unloadable(hf.stored[HF_OUTPUT].file.name, "differs from the embeddings that it is tied to", HF_OUTPUT)


def require_same_tensors(meta: MetaWeights, hf: HfWeights) -> None:
    """Both layouts, bit for bit, once the rows that rotary embedding turns are in one order."""
    for name, tensor in meta.tensors.items():
        if not same_numbers(tensor, hf.tensors[name]):
            raise Unloadable(meta.shards[0].name, "is not the same in both layouts of this folder", name)


def _require_finite(file: str, tensors: Iterable[tuple[str, Tensor]]) -> None:
    for name, tensor in tensors:
        if not all_finite(tensor):
            raise Unloadable(file, "holds NaN or infinity", name)


def _checked(layouts: frozenset[Layout], meta: MetaWeights | None, hf: HfWeights | None) -> Checked:
    found: Weights | None = meta or hf
    assert found is not None, "layouts_in found one"
    numbers = asdict(found.architecture)
    dimensions: dict[str, int] = {name: numbers[name] for name in CATALOGUE}
    dimensions["parameters"] = found.architecture.parameters(tied=found.tied)
    if meta:
        dimensions["shards"] = len(meta.shards)
    return Checked(dimensions, found.dtype.torch_name, layouts)
