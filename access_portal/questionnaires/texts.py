"""What becomes of a text that somebody typed, and how its words are counted (`static/js/questionnaire.js` agrees)."""

from __future__ import annotations

import re
import unicodedata

# Turn the direction of what follows: they can make a name read as another.
OVERRIDES = "\u202a\u202b\u202c\u202d\u202e"
ISOLATES = "\u2066\u2067\u2068\u2069"
LINE_BREAKS = re.compile("\r\n|[\r\u0085\u2028\u2029]")
# Written without spaces between words, so each character counts as one.
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def tidy_line(text: str) -> str:
    """One line in NFC: no control or direction characters, no space at its ends."""
    flat = " ".join(LINE_BREAKS.sub("\n", text).split("\n")).replace("\t", " ")
    return unicodedata.normalize("NFC", _without(flat, OVERRIDES + ISOLATES, "")).strip()


def tidy_text(text: str) -> str:
    """Paragraphs in NFC: line breaks as \\n and tabs are kept, other control characters and overrides are not."""
    lines = LINE_BREAKS.sub("\n", text)
    return unicodedata.normalize("NFC", _without(lines, OVERRIDES, "\n\t")).strip()


def count_words(text: str) -> int:
    """Runs of non-space characters with a letter or digit in them."""
    total = 0
    for run in text.split():
        rest = UNSPACED.sub("", run)
        total += len(run) - len(rest) + any(unicodedata.category(character)[0] in "LN" for character in rest)
    return total


def _without(text: str, unwanted: str, wanted: str) -> str:
    return "".join(
        character
        for character in text
        if character in wanted or (character not in unwanted and unicodedata.category(character) not in {"Cc", "Cs"})
    )
