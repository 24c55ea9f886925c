"""Compiles a gettext catalogue (.po) to what Python reads (.mo), so that nothing needs the gettext programs.

Format: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html, little-endian, without a hash table.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator

MAGIC = 0x950412DE
HEADER = struct.Struct("<7I")
Entry = dict[str, str]


def compile_po(text: str) -> bytes:
    """The catalogue as bytes; what is untranslated or marked fuzzy is left out, so the original shows."""
    messages = dict(sorted(_message(entry) for entry in _entries(text) if _is_translated(entry)))
    return _pack([key.encode() for key in messages], [value.encode() for value in messages.values()])


def _entries(text: str) -> Iterator[Entry]:
    """One dict per message: keyword (`msgid`, `msgstr[0]`, ...) to text; `fuzzy` is there if the flag is."""
    entry: Entry = {}
    keyword = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#,") and "fuzzy" in line:
            entry["fuzzy"] = "yes"
        elif line.startswith('"'):
            entry[keyword] += ast.literal_eval(line)
        elif line.startswith("msg"):
            keyword, _, quoted = line.partition(" ")
            entry[keyword] = ast.literal_eval(quoted)
        elif not line.strip() and entry:
            yield entry
            entry = {}


def _is_translated(entry: Entry) -> bool:
    texts = [value for keyword, value in entry.items() if keyword.startswith("msgstr")]
    return "fuzzy" not in entry and bool(texts) and all(texts)


def _message(entry: Entry) -> tuple[str, str]:
    """Key and value as .mo files join them: context by EOT, plurals by NUL."""
    key = entry["msgid"] + ("\0" + entry["msgid_plural"] if "msgid_plural" in entry else "")
    if "msgctxt" in entry:
        key = entry["msgctxt"] + "\4" + key
    return key, "\0".join(entry[keyword] for keyword in sorted(entry) if keyword.startswith("msgstr"))


def _pack(keys: list[bytes], values: list[bytes]) -> bytes:
    count, key_table = len(keys), HEADER.size
    value_table = key_table + 8 * count
    tables, texts = b"", b""
    start = value_table + 8 * count
    for item in [*keys, *values]:
        tables += struct.pack("<2I", len(item), start + len(texts))
        texts += item + b"\0"
    return HEADER.pack(MAGIC, 0, count, key_table, value_table, 0, start) + tables + texts
