"""Meta's checkpoint layout, written and read back: `params.json`, one shard, the tokenizer, MD5 sums."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from sentencepiece import SentencePieceProcessor

from demo.model.network import Llama, Shape

PARAMS, SHARD, TOKENIZER, CHECKLIST = "params.json", "consolidated.00.pth", "tokenizer.model", "checklist.chk"


def write(folder: Path, network: Llama, tokenizer: bytes) -> None:
    """Write the four files, weights as bfloat16; the list of sums comes last, so that it vouches for the rest."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PARAMS).write_text(json.dumps(asdict(network.shape)) + "\n")
    (folder / TOKENIZER).write_bytes(tokenizer)
    weights = {name: tensor.bfloat16() for name, tensor in network.state_dict().items()}
    torch.save(weights, folder / SHARD)
    sums = [f"{md5(folder / name)}  {name}\n" for name in (SHARD, PARAMS, TOKENIZER)]
    (folder / CHECKLIST).write_text("".join(sums))


def read(folder: Path) -> tuple[Llama, SentencePieceProcessor]:
    """The network in float32, ready to evaluate, and its tokenizer."""
    network = Llama(Shape(**json.loads((folder / PARAMS).read_text())))
    network.load_state_dict(torch.load(folder / SHARD, weights_only=True))
    return network.eval(), SentencePieceProcessor(model_proto=(folder / TOKENIZER).read_bytes())


def md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
