"""Differences between two texts: complete, word by word, and quick whatever the texts are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_portal.licences.difference import MOST_PAIRS, Kind, Passage, Piece, difference

S, R, A = Kind.SAME, Kind.REMOVED, Kind.ADDED


def test_changed_words_are_marked_and_equal_paragraphs_only_counted() -> None:
    old = "Be good.\n\nYou may use it for research.\n\nThe end."
    new = "Be good.\n\nYou may use it for public research.\n\nThe end."
    pieces = (Piece(S, "You may use it for"), Piece(A, "public"), Piece(S, "research."))
    assert difference(old, new) == [Passage(unchanged=1), Passage(pieces), Passage(unchanged=1)]


def test_a_new_paragraph_and_a_lost_one_are_passages_of_their_own() -> None:
    assert difference("One.\n\nTwo.", "One.\n\nTwo.\n\nThree.")[-1] == Passage((Piece(A, "Three."),))
    assert difference("One.\n\nTwo.", "Two.")[0] == Passage((Piece(R, "One."),))


@pytest.mark.parametrize(
    ("old", "new"), [("a  b\nc", "a b c"), ("a\r\n\r\nb", "a\n\nb"), ("a\n\n\n \nb", "a\n\nb"), ("", ""), (" ", "\n")]
)
def test_wrapping_and_line_ends_are_no_change(old: str, new: str) -> None:
    assert not any(passage.pieces for passage in difference(old, new))


def test_a_paragraph_split_in_two_keeps_its_words() -> None:
    [passage] = difference("a b c d", "a b\n\nc d")
    assert [piece for piece in passage.pieces if piece.kind is R] == []
    assert "".join(piece.text for piece in passage.pieces if piece.kind is A).strip() == ""


texts = st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(" ".join), max_size=6).map("\n\n".join)


@given(texts, texts)
def test_nothing_is_lost_and_nothing_is_invented(old: str, new: str) -> None:
    """The passages lead through both texts from beginning to end."""
    before, after = paragraphs(old), paragraphs(new)
    for passage in difference(old, new):
        if passage.unchanged:
            assert before[: passage.unchanged] == after[: passage.unchanged]
        spent = spend(before, passage, R), spend(after, passage, A)
        assert all(spent)
    assert before == after == []


def paragraphs(text: str) -> list[list[str]]:
    return [words for part in text.split("\n\n") if (words := part.split())]


def spend(rest: list[list[str]], passage: Passage, own: Kind) -> bool:
    """Take from `rest` the paragraphs that this passage is about; true when it shows just their words."""
    shown = [word for piece in passage.pieces if piece.kind in (S, own) for word in piece.text.split()]
    count, taken = passage.unchanged, [word for part in rest[: passage.unchanged] for word in part]
    while not passage.unchanged and len(taken) < len(shown):
        taken += rest[count]
        count += 1
    del rest[:count]
    return bool(passage.unchanged) or taken == shown


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert not any(passage.pieces for passage in difference(text, text))


REPETITION = {
    "one word": ("old " * 600, "new old " * 600),
    "two paragraphs in turn": ("a\n\nb\n\n" * 5000, "b\n\na\n\nc\n\n" * 3000),
}


@pytest.mark.parametrize("case", REPETITION)
def test_a_text_made_to_be_slow_is_shown_whole(case: str) -> None:
    old, new = REPETITION[case]
    [passage] = difference(old, new)
    assert [piece.kind for piece in passage.pieces] == [R, A]
    assert passage.pieces[1].text.split() == new.split()
    assert MOST_PAIRS < 600 * 600
