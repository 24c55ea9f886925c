"""Serves the API without the pages' middleware: no session, no cookies, no CSRF; async all the way down.

One middleware that only knows threads would hold a thread for as long as a completion is waited for, and would not
learn that the client has gone.
"""

from __future__ import annotations

from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.utils.module_loading import import_string

from access_portal.bounded_handler import BoundedHandler

MIDDLEWARE = [
    "access_portal.addresses.SoundAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]


class ApiHandler(BoundedHandler):
    """Django's own handler with a short chain."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler: Any = convert_exception_to_response(self._get_response_async)  # type: ignore[attr-defined]
        for path in reversed(MIDDLEWARE):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler
