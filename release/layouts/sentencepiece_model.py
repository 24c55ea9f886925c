"""`tokenizer.model`, a SentencePiece model: read from its bytes (a protocol buffer) without its library.

Only what the tokenizers of both layouts need is read; unknown fields are passed over, as the format wants it.
Field numbers are those of `sentencepiece_model.proto`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from release.layouts.errors import Unloadable
from release.layouts.jsonfiles import read_bytes
from release.layouts.names import TOKENIZER_MODEL

MAX_BYTES = 32 * 1024 * 1024
MAX_PIECES = 1 << 20
LONGEST_PIECE = 512  # letters; LLaMA's longest has 16


class Kind(IntEnum):
    """What a piece is, in the format's own numbers."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class Piece:
    text: str
    score: float
    kind: Kind


@dataclass
class SentencePieceModel:
    """Defaults are the format's. Which piece is the unknown one, begin and end is told by the pieces, as the library
    has it, and not by the figures of the training, which nothing holds to them.
    """

    pieces: list[Piece] = field(default_factory=list)
    is_bpe: bool = False
    byte_fallback: bool = False
    unk_piece: str = "<unk>"
    bos_piece: str = "<s>"
    eos_piece: str = "</s>"
    whitespace_as_suffix: bool = False
    charsmap: bytes = b""
    leading_space: bool = True  # add_dummy_prefix
    single_spaces: bool = True  # remove_extra_whitespaces

    @property
    def unk_id(self) -> int:
        return self._number(self.unk_piece, Kind.UNKNOWN)

    @property
    def bos_id(self) -> int:
        return self._number(self.bos_piece, Kind.CONTROL)

    @property
    def eos_id(self) -> int:
        return self._number(self.eos_piece, Kind.CONTROL)

    def _number(self, text: str, kind: Kind) -> int:
        """-1 where there is none."""
        found = (number for number, piece in enumerate(self.pieces) if (piece.text, piece.kind) == (text, kind))
        return next(found, -1)


def read_model(folder: Path) -> SentencePieceModel:
    """The tokenizer beside the weights; raises Unloadable."""
    content = read_bytes(folder, TOKENIZER_MODEL, MAX_BYTES)
    try:
        model = _model(content)
    except (ValueError, IndexError, struct.error, TypeError):
        model = SentencePieceModel()
    longest = max((len(piece.text) for piece in model.pieces), default=0)
    if longest > LONGEST_PIECE:
        raise Unloadable(TOKENIZER_MODEL, f"has a token of {longest:,} letters, which no text is made of")
    if len(model.pieces) > MAX_PIECES or min(model.unk_id, model.bos_id, model.eos_id) < 0:
        raise Unloadable(TOKENIZER_MODEL, "is not a SentencePiece model with tokens for begin, end and what is unknown")
    return model


def _model(content: bytes) -> SentencePieceModel:
    model, trainer, normalizer = SentencePieceModel(), bytearray(), bytearray()
    for number, value in _fields(content):
        if number == 1:
            model.pieces.append(_piece(_bytes(value)))
        elif number == 2:  # where one comes twice, the format wants both read as one
            trainer += _bytes(value)
        elif number == 3:
            normalizer += _bytes(value)
    _read_trainer(model, bytes(trainer))
    _read_normalizer(model, bytes(normalizer))
    return model


def _piece(content: bytes) -> Piece:
    found = dict(_fields(content))
    (score,) = struct.unpack("<f", _bytes(found.get(2, bytes(4))))
    return Piece(_bytes(found.get(1, b"")).decode(), score, Kind(_signed(found.get(3, 1))))


def _read_trainer(model: SentencePieceModel, content: bytes) -> None:
    found = dict(_fields(content))
    model.is_bpe = found.get(3, 1) == 2
    model.whitespace_as_suffix = bool(found.get(24, 0))
    model.byte_fallback = bool(found.get(35, 0))
    model.unk_piece = _bytes(found.get(45, b"<unk>")).decode()
    model.bos_piece = _bytes(found.get(46, b"<s>")).decode()
    model.eos_piece = _bytes(found.get(47, b"</s>")).decode()


def _read_normalizer(model: SentencePieceModel, content: bytes) -> None:
    found = dict(_fields(content))
    model.charsmap = _bytes(found.get(2, b""))
    model.leading_space = bool(found.get(3, 1))
    model.single_spaces = bool(found.get(4, 1))


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: a whole number, or the bytes of anything else."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _varint(content, place)
            yield number, value
            continue
        if wire == 2:
            length, place = _varint(content, place)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError
        if place + length > len(content):
            raise ValueError
        yield number, content[place : place + length]
        place += length


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise TypeError
    return value


def _signed(value: int | bytes) -> int:
    """An int32, which the format writes as 64 bits."""
    if isinstance(value, bytes):
        raise TypeError
    return value - (1 << 64) if value >> 63 else value
