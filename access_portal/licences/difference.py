"""What changed between two texts, word by word; pure, and bounded in time whatever the texts are.

Paragraphs are compared first, then the words inside those that differ. Line ends and runs of spaces do not count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

MOST_PAIRS = 200_000  # equal words, each with each; beyond that a passage is shown as a whole, old and new
BREAK = "\n\n"  # stands between paragraphs, as a word of its own


class Kind(StrEnum):
    """What became of some words."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """Words with one fate; `text` holds `\\n\\n` where a paragraph ends inside it."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Passage:
    """Neighbouring paragraphs: changed ones as pieces, or `unchanged` many that are the same in both texts."""

    pieces: tuple[Piece, ...] = ()
    unchanged: int = 0


def difference(old: str, new: str) -> list[Passage]:
    """The passages of both texts in their order; no passage with pieces means that the words are the same."""
    before, after = _paragraphs(old), _paragraphs(new)
    passages = []
    for is_equal, i1, i2, j1, j2 in _opcodes(before, after):
        if is_equal:
            passages.append(Passage(unchanged=i2 - i1))
        else:
            passages.append(Passage(tuple(_joined(_compare(_words(before[i1:i2]), _words(after[j1:j2]))))))
    return passages


def _opcodes(old: list[str], new: list[str]) -> list[tuple[bool, int, int, int, int]]:
    """What became of which places; of texts that say the same things over and over, only that they differ."""
    if old == new:
        return [(True, 0, len(old), 0, len(new))] if old else []
    places = Counter(new)
    if sum(count * places[item] for item, count in Counter(old).items()) > MOST_PAIRS:
        return [(False, 0, len(old), 0, len(new))]
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(tag == "equal", i1, i2, j1, j2) for tag, i1, i2, j1, j2 in codes]


def _paragraphs(text: str) -> list[str]:
    """Each with single spaces between its words, so that a text wrapped anew has not changed."""
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return [paragraph for paragraph in paragraphs if paragraph]


def _words(paragraphs: Sequence[str]) -> list[str]:
    return [word for paragraph in paragraphs for word in (*paragraph.split(" "), BREAK)][:-1]


def _compare(old: list[str], new: list[str]) -> Iterator[tuple[Kind, str]]:
    for is_equal, i1, i2, j1, j2 in _opcodes(old, new):
        if is_equal:
            yield from _all(Kind.SAME, old[i1:i2])
        else:
            yield from _all(Kind.REMOVED, old[i1:i2])
            yield from _all(Kind.ADDED, new[j1:j2])


def _all(kind: Kind, words: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    return ((kind, word) for word in words)


def _joined(words: Iterator[tuple[Kind, str]]) -> Iterator[Piece]:
    for kind, group in groupby(words, key=lambda pair: pair[0]):
        yield Piece(kind, " ".join(word for _, word in group).replace(f" {BREAK}", BREAK).replace(f"{BREAK} ", BREAK))
