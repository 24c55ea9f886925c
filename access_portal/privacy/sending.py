"""Sends a file from disk in pieces, over ASGI as over WSGI: Django would drain the wrong kind of iterator first."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

PIECE_BYTES = 64 * 1024


def file_response(request: HttpRequest, source: IO[bytes], content_type: str, name: str) -> StreamingHttpResponse:
    """As an attachment that no cache keeps; `name` is ours. The file is closed with the response."""
    content = _slowly(source) if isinstance(request, ASGIRequest) else _pieces(source)
    answer = StreamingHttpResponse(content, content_type=content_type)
    answer["Content-Length"] = str(os.fstat(source.fileno()).st_size)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    answer._resource_closers.append(source.close)  # type: ignore[attr-defined]  # also when the client goes midway
    return answer


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(PIECE_BYTES):
        yield piece


async def _slowly(source: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await sync_to_async(source.read)(PIECE_BYTES):
        yield piece
