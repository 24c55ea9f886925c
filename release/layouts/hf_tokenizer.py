"""`tokenizer.json` and `tokenizer_config.json` out of a `tokenizer.model`: the same tokens, in Hugging Face's words.

transformers reads `tokenizer.model` only where the libraries sentencepiece and protobuf are installed, and then makes
this very file in memory at each start. SentencePiece merges, at each step, the two neighbours whose union is the piece
of highest score; a list of merges in the order of those scores says the same.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from release.layouts.errors import ConversionRefusedError, Unloadable
from release.layouts.jsonfiles import encode, read_object
from release.layouts.names import TOKENIZER_JSON, TOKENIZER_MODEL
from release.layouts.sentencepiece_model import Kind, SentencePieceModel

SPACE = "▁"
MAX_BYTES = 64 * 1024 * 1024


def tokenizer_json(model: SentencePieceModel) -> bytes:
    """The file; raises ConversionRefusedError for a tokenizer of another kind than a LLaMA's."""
    if (
        not model.is_bpe
        or model.whitespace_as_suffix
        or len({piece.text for piece in model.pieces}) < len(model.pieces)
    ):
        raise ConversionRefusedError(f"{TOKENIZER_MODEL} is not byte-pair encoding as a LLaMA has it.")
    return encode(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [_added(number, model) for number in _standing_alone(model)],
            "normalizer": {"type": "Sequence", "normalizers": _normalizers(model)},
            "pre_tokenizer": None,
            "post_processor": _begin_with_bos(model),
            "decoder": {"type": "Sequence", "decoders": _decoders(model)},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": model.pieces[model.unk_id].text,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": True,
                "byte_fallback": model.byte_fallback,
                "ignore_merges": False,
                "vocab": {piece.text: number for number, piece in enumerate(model.pieces)},
                "merges": [f"{left} {right}" for left, right in merges(model)],
            },
        }
    )


def tokenizer_config_json(model: SentencePieceModel, context_tokens: int) -> bytes:
    """The file; its class is the one that takes `tokenizer.json` as it stands."""
    return encode(
        {
            "add_bos_token": True,
            "add_eos_token": False,
            "added_tokens_decoder": {str(number): _token(number, model) for number in _standing_alone(model)},
            "bos_token": model.pieces[model.bos_id].text,
            "clean_up_tokenization_spaces": False,
            "eos_token": model.pieces[model.eos_id].text,
            "model_max_length": context_tokens,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": model.pieces[model.unk_id].text,
        }
    )


def merges(model: SentencePieceModel) -> list[tuple[str, str]]:
    """Every pair of pieces whose union is a piece, best first; pairs of one union by their numbers."""
    numbers = {piece.text: number for number, piece in enumerate(model.pieces) if piece.kind is Kind.NORMAL}
    found: list[tuple[float, int, int, int]] = []
    for text, number in numbers.items():
        score = model.pieces[number].score
        for place in range(1, len(text)):
            left, right = numbers.get(text[:place]), numbers.get(text[place:])
            if left is not None and right is not None:
                found.append((-score, number, left, right))
    pieces = model.pieces
    return [(pieces[left].text, pieces[right].text) for _score, _number, left, right in sorted(found)]


def read_vocabulary(folder: Path) -> dict[int, str]:
    """The tokens of a `tokenizer.json` by number, with those that were added; raises Unloadable."""
    content = read_object(folder, TOKENIZER_JSON, MAX_BYTES)
    model, added = content.get("model"), content.get("added_tokens") or []
    vocab = model.get("vocab") if isinstance(model, dict) and model.get("type") == "BPE" else None
    if not isinstance(vocab, dict) or not isinstance(added, list):
        raise Unloadable(TOKENIZER_JSON, "is not a byte-pair tokenizer with a vocabulary")
    found = {number: text for text, number in vocab.items() if type(number) is int}
    for token in added:
        if isinstance(token, dict) and type(token.get("id")) is int:
            found.setdefault(token["id"], str(token.get("content")))
    if sorted(found) != list(range(max(len(vocab), len(found)))):
        raise Unloadable(TOKENIZER_JSON, "does not number its tokens from 0 without a gap")
    return found


def _standing_alone(model: SentencePieceModel) -> list[int]:
    """Tokens that no text is merged into: unknown, begin, end, and what the tokenizer's maker defined."""
    apart = (Kind.UNKNOWN, Kind.CONTROL, Kind.USER_DEFINED)
    return [number for number, piece in enumerate(model.pieces) if piece.kind in apart]


def _token(number: int, model: SentencePieceModel) -> dict[str, Any]:
    piece = model.pieces[number]
    return {
        "content": piece.text,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": piece.kind is not Kind.USER_DEFINED,
    }


def _added(number: int, model: SentencePieceModel) -> dict[str, Any]:
    return {"id": number, **_token(number, model)}


def _normalizers(model: SentencePieceModel) -> list[dict[str, Any]]:
    """In the order in which SentencePiece does it."""
    steps: list[dict[str, Any]] = []
    if model.charsmap:
        steps.append({"type": "Precompiled", "precompiled_charsmap": b64encode(model.charsmap).decode()})
    if model.single_spaces:
        steps.append({"type": "Strip", "strip_left": True, "strip_right": True})
        steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    if model.leading_space:
        steps.append({"type": "Prepend", "prepend": SPACE})
    steps.append({"type": "Replace", "pattern": {"String": " "}, "content": SPACE})
    return steps


def _decoders(model: SentencePieceModel) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [{"type": "Replace", "pattern": {"String": SPACE}, "content": " "}]
    steps += [{"type": "ByteFallback"}, {"type": "Fuse"}]
    if model.leading_space:
        steps.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return steps


def _begin_with_bos(model: SentencePieceModel) -> dict[str, Any]:
    bos = model.pieces[model.bos_id].text

    def special(kind: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": bos, "type_id": kind}}

    def sequence(name: str, kind: int) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": kind}}

    return {
        "type": "TemplateProcessing",
        "single": [special(0), sequence("A", 0)],
        "pair": [special(0), sequence("A", 0), special(1), sequence("B", 1)],
        "special_tokens": {bos: {"id": bos, "ids": [model.bos_id], "tokens": [bos]}},
    }
