"""What makes a link to one stored file: the object store itself, or a content network in front of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.utils.http import content_disposition_header


class Signer(Protocol):
    """Signs with credentials that need to read the files of releases and nothing else; no request is made."""

    def link(self, key: str, *, filename: str, seconds: int, now: datetime) -> str:
        """A link good for GET of this one object, from the second of `now` on and for `seconds`; saved as `filename`.

        Whoever has it can use it, so it is given to one person and neither mailed nor logged.
        """
        ...


def attachment(filename: str) -> str:
    """The header by which a browser saves the file instead of showing it."""
    return content_disposition_header(True, filename) or "attachment"
