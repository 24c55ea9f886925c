"""Encoding and decoding, one token at a time and all at once, against SentencePiece itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.engine.errors import CheckpointError, PromptTextError, TokenIdError
from inference_worker.engine.tokenizer import Detokenizer, Tokenizer

from . import factories

ENCODABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=40)
TOKENS = st.lists(st.integers(0, factories.VOCAB_SIZE - 1), max_size=30)
BYTES = st.lists(st.integers(3 + 0x7F, 3 + 0xFF), max_size=12)


def test_encoding_puts_bos_first_and_never_eos(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("Call me")
    assert ids[0] == tokenizer.bos_id
    assert tokenizer.eos_id not in ids
    assert tokenizer.encode("Call me", bos=False) == ids[1:]
    assert tokenizer.encode("") == [tokenizer.bos_id]


def test_markup_in_a_prompt_is_only_text(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("<s></s>").count(tokenizer.bos_id) == 1
    assert tokenizer.eos_id not in tokenizer.encode("<s></s>")


# The fixture is read only, so sharing it between examples is safe.
@given(text=ENCODABLE)
def test_decoding_gives_back_what_was_encoded(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(ids=TOKENS | BYTES | st.tuples(BYTES, TOKENS, BYTES).map(lambda parts: parts[0] + parts[1] + parts[2]))
def test_decoding_equals_sentencepiece_for_any_tokens(
    tokenizer_file: Path, tokenizer: Tokenizer, ids: list[int]
) -> None:
    original = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_file))
    assert tokenizer.decode(ids) == original.decode(ids)


@given(ids=TOKENS | BYTES, text=ENCODABLE)
def test_text_only_grows_and_its_pieces_join_to_the_whole(tokenizer: Tokenizer, ids: list[int], text: str) -> None:
    ids = tokenizer.encode(text) + ids
    detokenizer, pieces = Detokenizer(tokenizer), []
    for token_id in ids:
        before = detokenizer.text
        detokenizer.push(token_id)
        assert detokenizer.text.startswith(before)
        pieces.append(detokenizer.text[len(before) :])
    assert "".join(pieces) + detokenizer.pending == tokenizer.decode(ids)


def test_a_character_of_several_bytes_appears_only_when_complete(tokenizer: Tokenizer) -> None:
    detokenizer = Detokenizer(tokenizer)
    seen = []
    for token_id in tokenizer.encode("a😀b"):
        detokenizer.push(token_id)
        seen.append((detokenizer.text, len(detokenizer.pending)))
    assert seen[-5:] == [("a", 1), ("a", 2), ("a", 3), ("a😀", 0), ("a😀b", 0)]


def test_tokens_are_named_as_the_completions_api_names_them(tokenizer: Tokenizer) -> None:
    [the] = tokenizer.encode("the", bos=False)
    assert tokenizer.piece(the).name == " the"
    assert tokenizer.piece(3 + 0xE2).name == "bytes:\\xe2"
    assert tokenizer.piece(3 + 0x0A).name == "bytes:\\x0a"
    assert [tokenizer.piece(n).name for n in (0, 1, 2)] == ["<unk>", "<s>", "</s>"]


@pytest.mark.parametrize("text", ["\ud800", "fine until \udfff", "\x00 is fine \udc80"])
def test_a_lone_surrogate_is_refused(tokenizer: Tokenizer, text: str) -> None:
    with pytest.raises(PromptTextError) as refusal:
        tokenizer.encode(text)
    assert refusal.value.code == "invalid_text"


@pytest.mark.parametrize("token_id", [-1, factories.VOCAB_SIZE, 10**30, True, 2.0, "2", None])
def test_an_id_outside_the_vocabulary_is_refused(tokenizer: Tokenizer, token_id: int) -> None:
    with pytest.raises(TokenIdError):
        tokenizer.decode([token_id])


@pytest.mark.parametrize("content", [b"", b"junk", b"\x0a\xff\xff\xff\xff\x0f", None])
def test_a_damaged_tokenizer_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tokenizer.model"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"tokenizer\.model") as refusal:
        Tokenizer.load(path)
    assert refusal.value.file == path


def test_a_truncated_tokenizer_is_refused(tmp_path: Path, tokenizer_file: Path) -> None:
    path = tmp_path / "tokenizer.model"
    path.write_bytes(tokenizer_file.read_bytes()[:900])
    with pytest.raises(CheckpointError, match="not a SentencePiece model"):
        Tokenizer.load(path)
