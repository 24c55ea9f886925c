"""Serves the API without the pages' middleware: no session, no cookies, no CSRF; async all the way down.

One middleware that only knows threads would hold a thread for as long as a completion is waited for, and would not
learn that the client has gone.
"""

from __future__ import annotations

import tempfile
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.utils.module_loading import import_string

MIDDLEWARE = [
    "access_portal.addresses.SoundAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
FORM_BYTES = 64 * 1024  # what a form adds to the file in it


class ApiHandler(ASGIHandler):
    """Django's own handler with a short chain, and an end to how much of a body is kept."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler: Any = convert_exception_to_response(self._get_response_async)  # type: ignore[attr-defined]
        for path in reversed(MIDDLEWARE):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler

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
