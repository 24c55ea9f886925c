"""Text to token ids and back: SentencePiece as LLaMA uses it, and decoding one token at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

from .errors import CheckpointError, PromptTextError, TokenIdError

WORD_BOUNDARY = "▁"
MAX_BYTES = 64 << 20  # LLaMA's has half a megabyte


@dataclass(frozen=True, slots=True)
class Piece:
    """What one token adds to a text, and how it is called when it stands alone."""

    name: str
    data: bytes
    is_byte: bool
    opens_word: bool


class Tokenizer:
    """A SentencePiece model with BOS and EOS, byte fallback and the leading space that encoding adds.

    Needs no torch, so that a web process can count tokens.
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        self._processor = processor
        self.vocab_size: int = processor.get_piece_size()
        self.bos_id: int = processor.bos_id()
        self.eos_id: int = processor.eos_id()
        self._pieces = [_read_piece(processor, token_id) for token_id in range(self.vocab_size)]

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read `tokenizer.model`; raises CheckpointError naming the file."""
        if not path.is_file():
            raise CheckpointError(path, "the file is missing")
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(path, f"is larger than any tokenizer: at most {MAX_BYTES:,} bytes are read")
        try:
            processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        except (RuntimeError, OSError) as error:
            raise CheckpointError(path, f"is not a SentencePiece model: {error}") from None
        if processor.bos_id() < 0 or processor.eos_id() < 0:
            raise CheckpointError(path, "the tokenizer has no BOS or no EOS token")
        return cls(processor)

    def encode(self, text: str, *, bos: bool = True) -> list[int]:
        """Token ids of `text`, after BOS unless told otherwise; never EOS.

        Raises PromptTextError for text with a lone surrogate, which JSON can carry and UTF-8 cannot.
        """
        try:
            text.encode()
        except UnicodeEncodeError:
            raise PromptTextError from None
        ids: list[int] = self._processor.encode(text)
        return [self.bos_id, *ids] if bos else ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, without control tokens and without the leading space that encoding adds.

        Each byte that is not part of a UTF-8 character becomes U+FFFD. Raises TokenIdError.
        """
        detokenizer = Detokenizer(self)
        for token_id in ids:
            detokenizer.push(token_id)
        return detokenizer.text + detokenizer.pending

    def piece(self, token_id: int) -> Piece:
        """Raises TokenIdError."""
        if not self.has_token(token_id):
            raise TokenIdError(token_id, self.vocab_size)
        return self._pieces[token_id]

    def has_token(self, token_id: object) -> bool:
        return type(token_id) is int and 0 <= token_id < self.vocab_size


class Detokenizer:
    """The text of tokens that arrive one by one; `text` only ever grows, by whole characters."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="one-mark-per-byte")
        self._at_start = True
        self.text = ""

    def push(self, token_id: int) -> None:
        """Add a token; raises TokenIdError."""
        piece = self._tokenizer.piece(token_id)
        data = piece.data
        if self._at_start and data:
            data = data[1:] if piece.opens_word else data
            self._at_start = False
        # Only further byte tokens can complete a character that byte tokens began.
        self.text += self._decoder.decode(data, final=not piece.is_byte)

    @property
    def pending(self) -> str:
        """U+FFFD for each byte of a character that has begun and is not complete; empty most of the time."""
        undecoded, _ = self._decoder.getstate()
        return "\ufffd" * len(undecoded)


def _read_piece(processor: sentencepiece.SentencePieceProcessor, token_id: int) -> Piece:
    r"""Names follow the completions API: `▁` is a space, a byte is `bytes:\xNN`, BOS is `<s>`."""
    spelling: str = processor.id_to_piece(token_id)
    name = spelling.replace(WORD_BOUNDARY, " ")
    if processor.is_byte(token_id):
        value = int(spelling.strip("<>"), 16)
        return Piece(f"bytes:\\x{value:02x}", bytes([value]), is_byte=True, opens_word=False)
    if processor.is_control(token_id):
        return Piece(name, b"", is_byte=False, opens_word=False)
    if processor.is_unknown(token_id):
        return Piece(name, processor.decode([token_id]).encode(), is_byte=False, opens_word=False)
    return Piece(name, name.encode(), is_byte=False, opens_word=spelling.startswith(WORD_BOUNDARY))


def _one_mark_per_byte(error: UnicodeError) -> tuple[str, int]:
    """SentencePiece writes one U+FFFD for every stray byte; Python's own handler writes one for a run."""
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error("one-mark-per-byte", _one_mark_per_byte)
