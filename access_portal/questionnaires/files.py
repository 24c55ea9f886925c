"""Looks at an uploaded file: how large it is, what it really is, and whether that is what it says it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from access_portal.questionnaires import limits
from access_portal.questionnaires.definition import Question
from access_portal.questionnaires.texts import tidy_line
from access_portal.questionnaires.wording import said


@dataclass(frozen=True)
class FileType:
    """A type of file that may be asked for; `starts` is how its bytes begin, where they must."""

    name: str
    media_type: str
    extensions: tuple[str, ...]
    starts: bytes = b""


TYPES = {
    "pdf": FileType("PDF", "application/pdf", (".pdf",), b"%PDF-"),
    "png": FileType("PNG", "image/png", (".png",), b"\x89PNG\r\n\x1a\n"),
    "jpeg": FileType("JPEG", "image/jpeg", (".jpg", ".jpeg"), b"\xff\xd8\xff"),
    "text": FileType("plain text", "text/plain", (".txt", ".md", ".csv")),
}


@dataclass(frozen=True)
class Checked:
    """A file that is what its name says; `data` is all of it."""

    name: str
    media_type: str
    size: int
    sha256: str
    data: bytes = field(repr=False)

    def as_answer(self) -> dict[str, str | int]:
        """What is kept among the answers; the bytes are kept elsewhere."""
        return {"name": self.name, "media_type": self.media_type, "size": self.size, "sha256": self.sha256}


def check_upload(question: Question, upload: UploadedFile[Any]) -> Checked:
    """The upload with its real type; raises ValidationError in words for one that is not wanted."""
    most = question.max_bytes or limits.FILE_BYTES
    if (upload.size or 0) > most:
        _refuse("file_size", most=filesizeformat(most))
    upload.seek(0)
    data = upload.read(most + 1)
    if len(data) > most:
        _refuse("file_size", most=filesizeformat(most))
    if not data:
        _refuse("file_empty")
    name = clean_name(upload.name or "")
    _check_type(question, name, data)
    kind = TYPES[_named_type(name) or ""]
    return Checked(name, kind.media_type, len(data), hashlib.sha256(data).hexdigest(), data)


def clean_name(name: str) -> str:
    """The last part of a path, on one line, without what could mislead; its ending is kept when it must be cut."""
    last = tidy_line(name.replace("\\", "/")).rsplit("/", 1)[-1].strip(" .\u200b\u200c\u200d\u200e\u200f\ufeff")
    last = "".join("_" if character in '<>:"|?*' else character for character in last) or "file"
    ending = PurePosixPath(last).suffix[:12]
    return last if len(last) <= limits.FILE_NAME_CHARACTERS else _cut(last, ending)


def sniff(data: bytes) -> str | None:
    """The key in TYPES of what these bytes are, or None."""
    for key, kind in TYPES.items():
        if kind.starts and data.startswith(kind.starts):
            return key
    return "text" if _is_plain_text(data) else None


def wanted(question: Question) -> str:
    """The types that a question takes, for people: "PDF, PNG"."""
    return ", ".join(TYPES[key].name for key in question.types)


def extensions(question: Question) -> str:
    """For the browser's `accept`."""
    return ",".join(ending for key in question.types for ending in TYPES[key].extensions)


def _check_type(question: Question, name: str, data: bytes) -> None:
    named = _named_type(name)
    if named is None or named not in question.types:
        _refuse("file_type", types=wanted(question))
    if named != sniff(data):
        _refuse("file_differs", name=name, type=TYPES[named].name)


def _named_type(name: str) -> str | None:
    ending = PurePosixPath(name).suffix.lower()
    return next((key for key, kind in TYPES.items() if ending in kind.extensions), None)


def _is_plain_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\n\r\f" for character in text)


def _cut(name: str, ending: str) -> str:
    return name[: limits.FILE_NAME_CHARACTERS - len(ending)] + ending


def _refuse(key: str, **values: str) -> NoReturn:
    raise ValidationError(said(key, **values), code=key)
