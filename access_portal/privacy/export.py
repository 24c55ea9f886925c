"""Everything that the house holds on a person, as one JSON file or as a ZIP with the attachments beside it.

Written to a file on disk row by row, so that memory stays the same however much there is, and nothing is sent before
all of it is there.
"""

from __future__ import annotations

import json
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.privacy.registry import sections_of
from access_portal.privacy.section import Held, Paper, Section

VERSION = 1  # of the shape of data.json
LONGEST_NAME = 80
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
Sink = IO[bytes]


def json_export(user: User, now: datetime) -> Sink:
    """A file of its own at its beginning, to be closed by whoever sends it."""
    made = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    for piece in _document(user, now, list(sections_of(user, now))):
        made.write(piece)
    made.seek(0)
    return made


def zip_export(user: User, now: datetime) -> Sink:
    """`data.json`, `README.txt` and `attachments/`, likewise."""
    made = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    sections = list(sections_of(user, now))
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(user, now, sections))
        with archive.open("data.json", "w", force_zip64=True) as entry:
            for piece in _document(user, now, sections):
                entry.write(piece)
        for section in sections:
            for paper in section.papers:
                archive.writestr(path_of(paper), paper.read())
    made.seek(0)
    return made


def path_of(paper: Paper) -> str:
    """Where a file lies in the archive: its key makes it the only one, and its name is made harmless everywhere."""
    return f"attachments/{_plain(paper.folder)}/{paper.key}-{_plain(paper.name)}"


def _plain(name: str) -> str:
    """Letters and digits that every system takes; no path, no hidden file, no sign that turns or ends a line."""
    ascii_name = unicodedata.normalize("NFKD", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(sign if sign in SAFE else "_" for sign in ascii_name if not unicodedata.combining(sign))
    stem, dot, ending = kept.rpartition(".")
    short = f"{stem[: LONGEST_NAME - len(ending)]}{dot}{ending}" if dot and len(ending) < 10 else kept[:LONGEST_NAME]
    return short.strip("._") or "file"


def _document(user: User, now: datetime, sections: list[Section]) -> Iterator[bytes]:
    head = {"version": VERSION, "site": settings.BASE_URL, "made_at": now, "user_name": user.username}
    yield _encoded(head)[:-1] + b', "sections": [\n'
    for place, section in enumerate(sections):
        yield (b",\n" if place else b"") + _encoded(_words(section))[:-1] + b', "data": {'
        for number, each in enumerate(section.held):
            yield (b"," if number else b"") + b"\n" + _encoded(each.name) + b": ["
            yield from _rows(each)
            yield b"]"
        yield b"}}"
    yield b"\n]}\n"


def _rows(each: Held) -> Iterator[bytes]:
    for place, row in enumerate(each.rows()):
        yield (b",\n" if place else b"\n") + _encoded(row)


def _words(section: Section) -> dict[str, str]:
    return {
        "key": section.key,
        "title": section.title,
        "purpose": section.purpose,
        "kept_for": section.kept_for,
        "seen_by": section.seen_by,
        "left_out": section.left_out,
    }


def _encoded(content: Any) -> bytes:
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=True).encode()


def _readme(user: User, now: datetime, sections: list[Section]) -> str:
    parts = [
        _("What %(site)s holds on %(name)s, as of %(time)s (UTC).")
        % {"site": settings.BASE_URL, "name": user.username, "time": f"{now:%Y-%m-%d %H:%M}"},
        _("data.json has every row; attachments/ the files that you sent with applications."),
    ]
    for section in sections:
        lines = [section.title, f"  {section.purpose}", f"  {_('Kept:')} {section.kept_for}"]
        lines += [f"  {_('Not in it:')} {section.left_out}"] if section.left_out else []
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
