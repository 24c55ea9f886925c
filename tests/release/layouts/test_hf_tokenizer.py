"""The written `tokenizer.json` gives the tokens that SentencePiece gives."""

import json
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
from release.layouts.hf_tokenizer import read_vocabulary, tokenizer_config_json, tokenizer_json
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


def _varint(value: int) -> bytes:
    """As the format writes an int32."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _with_trainers_figures(**figures: int) -> bytes:
    """The tokenizer, with other figures in what it tells of its training; a later one of a kind counts."""
    fields = {"unk_id": 40, "bos_id": 41, "eos_id": 42}
    told = b"".join(_varint(fields[name] << 3) + _varint(figure) for name, figure in figures.items())
    return tiny.tokenizer_bytes() + b"\x12" + _varint(len(told)) + told


@pytest.mark.parametrize(
    "figures", [{"unk_id": -1}, {"unk_id": 7}, {"unk_id": 1 << 30}, {"bos_id": 5, "eos_id": 6}, {"eos_id": -1}]
)
def test_which_token_is_the_unknown_one_is_told_by_the_tokens_as_the_library_has_it(
    tmp_path: Path, figures: dict[str, int]
) -> None:
    content = _with_trainers_figures(**figures)
    (tmp_path / "tokenizer.model").write_bytes(content)
    theirs = sentencepiece.SentencePieceProcessor(model_proto=content)
    model = read_model(tmp_path)
    assert (theirs.unk_id(), theirs.bos_id(), theirs.eos_id()) == (0, 1, 2)
    assert (model.unk_id, model.bos_id, model.eos_id) == (0, 1, 2)
    assert json.loads(tokenizer_json(model))["model"]["unk_token"] == "<unk>"
    assert json.loads(tokenizer_config_json(model, 2048))["unk_token"] == "<unk>"


def test_a_token_of_a_million_letters_is_refused_before_it_is_cut_in_all_ways(tmp_path: Path) -> None:
    """To look for its two halves would take hours, outside of the process whose time is limited."""
    text = b"a" * 1_000_000
    piece = b"\x0a" + _varint(len(text)) + text
    content = tiny.tokenizer_bytes() + b"\x0a" + _varint(len(piece)) + piece
    (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(Unloadable, match="a token of 1,000,000 letters"):
        tokenizer_json(read_model(tmp_path))


@pytest.mark.parametrize("absent", [b"<unk>", b"<s>", b"</s>"])
def test_a_tokenizer_without_one_of_the_three_is_refused(tmp_path: Path, absent: bytes) -> None:
    content = tiny.tokenizer_bytes()
    (tmp_path / "tokenizer.model").write_bytes(content.replace(absent, b"x" * len(absent), 1))
    with pytest.raises(Unloadable, match="tokens for begin, end and what is unknown"):
        read_model(tmp_path)


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
