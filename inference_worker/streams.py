"""Responses that are sent as they come, over ASGI and WSGI alike.

Django drains an iterator of the other kind into memory before it sends anything, so each server gets its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from itertools import chain

from asgiref.sync import async_to_sync, sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from inference_worker.models import StoredFile
from release.storage import jobs_store


def file_response(request: HttpRequest, stored: StoredFile) -> StreamingHttpResponse:
    """The exact bytes of a file, as an attachment; raises StorageError before anything is sent."""
    pieces = jobs_store().stream(stored.storage_key)
    whole = chain([next(pieces, b"")], pieces)
    content = _from_sync(whole) if isinstance(request, ASGIRequest) else whole
    headers = {
        "Content-Length": str(stored.size_bytes),
        "Content-Disposition": content_disposition_header(True, stored.filename) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(content, content_type="application/octet-stream", headers=headers)


def event_response(request: HttpRequest, events: AsyncGenerator[bytes]) -> StreamingHttpResponse:
    """Server-sent events."""
    content = events if isinstance(request, ASGIRequest) else _from_async(events)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type="text/event-stream", headers=headers)


async def _from_sync(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    def step() -> bytes:
        return next(pieces, b"")

    while piece := await sync_to_async(step)():
        yield piece


def _from_async(events: AsyncGenerator[bytes]) -> Iterator[bytes]:
    async def step() -> bytes:
        return await anext(events, b"")

    try:
        while piece := async_to_sync(step)():
            yield piece
    finally:
        async_to_sync(events.aclose)()
