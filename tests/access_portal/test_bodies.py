"""How much of what is sent is kept: a body goes to disk before anybody asks whose it is."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from pytest_django import Settings

from access_portal import asgi

PIECE, PIECES = b"x" * 65_536, 64


async def kept(handler: ASGIHandler) -> tuple[int, int]:
    """Bytes of a long body that are kept, and pieces of it that were read."""
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": PIECE, "more_body": read < PIECES}

    body = await handler.read_body(receive)
    size = body.seek(0, os.SEEK_END)
    body.close()
    return size, read


@pytest.mark.parametrize("handler", [asgi.pages, asgi.api], ids=["pages and Hub", "API"])
def test_no_stranger_fills_the_disk_with_one_request(settings: Settings, handler: ASGIHandler) -> None:
    settings.MAX_FILE_BYTES = 1_000_000
    size, read = asyncio.run(kept(handler))
    assert 1_000_000 < size < 1_100_000
    assert read == PIECES  # else the client never hears the answer
