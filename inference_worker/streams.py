"""Responses that are sent as they come.

Django drains an iterator of the wrong kind into memory before it sends anything, so ASGI and WSGI each get their own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
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


class EventResponse(StreamingHttpResponse):
    """Server-sent events; `on_close` is called at the end, also when the client went before the first event."""

    def __init__(self, request: HttpRequest, events: AsyncGenerator[bytes], on_close: Callable[[], None]) -> None:
        content = events if isinstance(request, ASGIRequest) else _from_async(events)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(content, content_type="text/event-stream", headers=headers)
        self._on_close = on_close

    def close(self) -> None:
        try:
            self._on_close()
        finally:
            super().close()


async def _from_sync(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    def step() -> bytes:
        return next(pieces, b"")

    while piece := await sync_to_async(step)():
        yield piece


def _from_async(events: AsyncGenerator[bytes]) -> Iterator[bytes]:
    """Over WSGI the events come together, at the end: a generator does not outlive the event loop of one call."""

    async def collect() -> list[bytes]:
        return [event async for event in events]

    yield from async_to_sync(collect)()
