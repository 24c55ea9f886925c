"""Public-domain English prose out of Debian packages: fetched with apt, extracted, cleaned, cut into chapters."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

Chapter = list[str]  # one string per paragraph

PACKAGES = ("r-cran-janeaustenr", "golang-github-pierrec-lz4-dev", "bible-kjv-text")
AUSTEN = "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
HOLMES = "usr/share/gocode/src/github.com/pierrec/lz4/testdata/pg1661.txt"
BIBLE = "usr/lib/bible.data"

# Only the books that tell a story: lists, laws, verse and letters would teach a small model little prose.
NARRATIVE = {
    *("Ge", "Exo", "Josh", "Jdgs", "Ruth", "1Sm", "2Sm", "1Ki", "2Ki", "Ezra", "Neh", "Est", "Dan", "Jonah"),
    *("Mat", "Mark", "Luke", "John", "Acts"),
}
VERSES_PER_PARAGRAPH = 4
HELD_OUT_EVERY = 20
FIRST_HELD_OUT = 10

HEADING = re.compile(r"\s*(CHAPTER|Chapter|VOLUME|ADVENTURE) |\s*[IVX]+\.( THE ADVENTURE OF .*)?$")
VERSE = re.compile(r"(\w+):\d+ (.*)")
R_STRING = re.compile(rb"\x00\x04\x00\x09(....)", re.DOTALL)  # type and flags of a CHARSXP, then its length
LZW_MAGIC = b"\x1f\x9d\x90"


def fetch() -> list[Chapter]:
    """Download the packages with apt and read every chapter; raises CalledProcessError when apt cannot."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, check=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
        return read_chapters(folder)


def read_chapters(folder: Path) -> list[Chapter]:
    """All chapters of the packages extracted under `folder`: Austen's six novels, Holmes, the Bible."""
    novels = [
        *austen_novels((folder / AUSTEN).read_bytes()),
        holmes((folder / HOLMES).read_text("utf-8-sig")),
    ]
    chapters = [chapter for novel in novels for chapter in novel_chapters(novel)]
    return chapters + bible_chapters(bible_lines((folder / BIBLE).read_bytes()))


def split(chapters: list[Chapter]) -> tuple[list[Chapter], list[Chapter]]:
    """Chapters to train on, and every twentieth, which is never trained on."""
    held_out = chapters[FIRST_HELD_OUT::HELD_OUT_EVERY]
    return [c for i, c in enumerate(chapters) if i % HELD_OUT_EVERY != FIRST_HELD_OUT], held_out


def austen_novels(database: bytes) -> Iterator[list[str]]:
    """Lines of each novel in an R lazy-load database: per object its size (4 bytes) and a zlib stream."""
    while database:
        stream = zlib.decompressobj()
        yield r_strings(stream.decompress(database[4:]))
        database = stream.unused_data


def r_strings(serialized: bytes) -> list[str]:
    """The strings of one serialized R character vector (R Internals, "Serialization Formats", XDR)."""
    strings = []
    position = serialized.index(b"\x00\x04\x00\x09")
    while found := R_STRING.match(serialized, position):
        position = found.end() + int.from_bytes(found[1])
        strings.append(serialized[found.end() : position].decode())
    return strings


def holmes(book: str) -> list[str]:
    """Lines of the stories alone, without the publisher's notice before and after, nor the contents."""
    body = book[book.index("ADVENTURE I. ") : book.index("End of the Project Gutenberg")]
    return body.splitlines()


def novel_chapters(lines: Iterable[str]) -> Iterator[Chapter]:
    """Cut at chapter headings, which are left out; what stands before the first heading is no prose."""
    current: list[str] = []
    in_chapter = False
    for line in lines:
        if HEADING.match(line):
            if in_chapter and (chapter := paragraphs(current)):
                yield chapter
            current, in_chapter = [], True
        else:
            current.append(line)
    yield paragraphs(current)


def paragraphs(lines: Iterable[str]) -> Chapter:
    """Join the lines between blank lines; drop what holds no lower-case letter, such as titles."""
    blocks = (" ".join(block) for blank, block in groupby(lines, key=lambda line: not line.strip()) if not blank)
    return [text for block in blocks if re.search("[a-z]", text := clean(block))]


def clean(text: str) -> str:
    """Plain punctuation, single spaces, no marks for italics: fewer signs for a small vocabulary to spend on."""
    text = re.sub(r"[_*\[\]<>{}]", "", text)
    text = text.translate(str.maketrans("“”‘’", "\"\"''")).replace("``", '"').replace("''", '"')
    return " ".join(re.sub(r"\s*--+\s*|\s*—\s*", " - ", text).split())


def bible_lines(data: bytes) -> list[str]:
    """Verses as `Ge1:1 In the beginning ...`, from one LZW stream behind a table of offsets."""
    stream = data[data.index(LZW_MAGIC) :]
    return subprocess.run(["gzip", "-dc"], input=stream, capture_output=True, check=True).stdout.decode().splitlines()


def bible_chapters(lines: Iterable[str]) -> list[Chapter]:
    """Chapters of the narrative books, some verses to a paragraph."""
    verses = [found.groups() for line in lines if (found := VERSE.match(line))]
    chapters = []
    for chapter, group in groupby(verses, key=lambda verse: verse[0]):
        if chapter.rstrip("0123456789") in NARRATIVE:
            texts = [clean(text) for _, text in group]
            starts = range(0, len(texts), VERSES_PER_PARAGRAPH)
            chapters.append([" ".join(texts[i : i + VERSES_PER_PARAGRAPH]) for i in starts])
    return chapters
