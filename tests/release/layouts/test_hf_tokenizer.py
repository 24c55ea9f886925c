"""The written `tokenizer.json` gives the tokens that SentencePiece gives."""

import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from release.layouts.errors import ConversionRefusedError, Unloadable
from release.layouts.hf_tokenizer import read_vocabulary, tokenizer_json
from release.layouts.sentencepiece_model import SentencePieceModel, read_model
from tests.release import checkpoints
from tests.release.layouts import tiny

DEMO = Path(__file__).resolve().parents[3] / "demo" / "model" / "weights"
WORDS = st.sampled_from(
    ["the ", "the", " dog", "  ", "\n", "▁", "é", "☃", "日本", "7", "42", "ing", "tion ", "\t", "Q'"]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=30).map("".join))


@cache
def _demo() -> tuple[Tokenizer, sentencepiece.SentencePieceProcessor]:
    ours = Tokenizer.from_str(tokenizer_json(read_model(DEMO)).decode())
    return ours, sentencepiece.SentencePieceProcessor(model_file=str(DEMO / "tokenizer.model"))


@given(TEXTS)
@example("")
@example(" leading and trailing ")
@example("a\x00b\u202ec")
@settings(max_examples=400, deadline=None)
def test_every_text_has_the_tokens_that_sentencepiece_gives(text: str) -> None:
    ours, theirs = _demo()
    encoded = ours.encode(text).ids
    assert encoded == [1, *theirs.encode(text)] or any(mark in text for mark in ("<s>", "</s>", "<unk>"))
    assert ours.decode(encoded) == theirs.decode(encoded[1:])


def test_a_tokenizer_that_folds_spaces_and_letters_does_so_in_both(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(checkpoints.tokenizer_bytes())
    ours = Tokenizer.from_str(tokenizer_json(read_model(tmp_path)).decode())
    theirs = sentencepiece.SentencePieceProcessor(model_proto=checkpoints.tokenizer_bytes())
    for text in ("  the   quick\tbrown  ", "ｆｏｘ ①", "the\n\nlazy dog"):
        assert ours.encode(text).ids == [1, *theirs.encode(text)], text


def test_what_is_read_without_the_library_is_what_the_library_reads(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(tiny.tokenizer_bytes())
    model = read_model(tmp_path)
    theirs = sentencepiece.SentencePieceProcessor(model_proto=tiny.tokenizer_bytes())
    assert [piece.text for piece in model.pieces] == [theirs.id_to_piece(n) for n in range(theirs.get_piece_size())]
    assert [piece.score for piece in model.pieces] == [theirs.get_score(n) for n in range(theirs.get_piece_size())]
    assert (model.unk_id, model.bos_id, model.eos_id) == (theirs.unk_id(), theirs.bos_id(), theirs.eos_id())


def test_another_kind_of_tokenizer_is_not_written_as_if_it_were_one(tmp_path: Path) -> None:
    with pytest.raises(ConversionRefusedError, match="byte-pair"):
        tokenizer_json(SentencePieceModel(is_bpe=False))


@given(st.binary(max_size=200), st.integers(0, 20_000))
@settings(max_examples=200, deadline=None)
def test_a_damaged_tokenizer_is_a_finding_and_never_a_crash(noise: bytes, place: int) -> None:
    content = bytearray(tiny.tokenizer_bytes())
    place %= len(content)
    content[place : place + len(noise)] = noise
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tokenizer.model").write_bytes(content)
        with suppress(Unloadable):
            assert read_model(Path(folder)).pieces


def test_the_vocabulary_is_read_back_as_written(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(tiny.tokenizer_bytes())
    model = read_model(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_json(model))
    assert read_vocabulary(tmp_path) == {number: piece.text for number, piece in enumerate(model.pieces)}


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"model": {"type": "Unigram"}}', '{"model": {"type": "BPE", "vocab": {"a": 5}}}',
     '{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}}}', "[" * 100_000,
     '{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}}}'],
)  # fmt: skip
def test_a_tokenizer_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(Unloadable) as found:
        read_vocabulary(tmp_path)
    assert found.value.file == "tokenizer.json"
