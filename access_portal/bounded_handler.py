"""Django's handler, with an end to how much of a request's body is kept.

Django writes a body to disk before it asks whose it is, so without an end any stranger could fill the disk.
"""

from __future__ import annotations

import tempfile
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

FORM_BYTES = 64 * 1024  # what a form adds to the file in it


class BoundedHandler(ASGIHandler):
    """Keeps as much as the largest file that is taken anywhere, and the form around it."""

    async def read_body(self, receive: Any) -> IO[bytes]:
        """Everything is read, so that the client hears the answer; what no endpoint would take is not kept."""
        body = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b")  # noqa: SIM115
        room = settings.MAX_FILE_BYTES + FORM_BYTES
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise RequestAborted
            piece = message.get("body", b"")[:room]
            body.write(piece)
            room -= len(piece)
            more = message.get("more_body", False)
        body.seek(0)
        return body
