"""Ranges of bytes from the store, read straight into memory that is ours: the one place where speed is made.

The standard library's client reads from the socket into the caller's buffer, which costs half of what httpx does for
the same bytes; through a proxy httpx carries them, since it knows proxies of every kind.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Protocol
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from .version import CLIENT

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
BROKEN = (OSError, HTTPException, httpx.HTTPError, httpx.InvalidURL)  # what a connection may raise at any moment


class Body(Protocol):
    """The bytes of an answer."""

    def readinto(self, buffer: memoryview, /) -> int:
        """How many were put there; 0 at the end."""

    def isclosed(self) -> bool:
        """Whether all of it was read."""


@dataclass(frozen=True)
class Part:
    """An answer of the store, its body not yet read. `start` and `total` are bytes; None where it is no 200 or 206."""

    status: int
    headers: Mapping[str, str]
    body: Body
    start: int | None
    total: int | None


class StoreConnection:
    """One connection, used by one thread, opened again when it broke. Raises what BROKEN lists."""

    def __init__(self) -> None:
        self._plain: tuple[tuple[str, str], HTTPConnection] | None = None
        self._proxied: httpx.Client | None = None

    @contextmanager
    def get(self, url: str, start: int, stop: int) -> Iterator[Part]:
        """Ask for the bytes from `start` up to before `stop`."""
        parts = urlsplit(url)
        headers = {"Range": f"bytes={start}-{stop - 1}", "User-Agent": CLIENT, "Accept-Encoding": "identity"}
        if needs_proxy(parts):
            with self._through_proxy(url, headers) as part:
                yield part
            return
        whole = False
        try:
            part = self._straight(parts, headers)
            yield part
            whole = part.body.isclosed()
        finally:
            if not whole:  # what is still on its way belongs to nobody
                self.close()

    def close(self) -> None:
        if self._plain is not None:
            with suppress(OSError):
                self._plain[1].close()
        self._plain = None

    def _straight(self, parts: SplitResult, headers: dict[str, str]) -> Part:
        connection = self._connection(parts)
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers)
        answer = connection.getresponse()
        told = {name.lower(): text for name, text in answer.getheaders()}
        return Part(answer.status, told, answer, *_where(answer.status, told))

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        address = (parts.scheme, parts.netloc)
        if self._plain is None or self._plain[0] != address:
            self.close()
            self._plain = address, _open(parts)
        return self._plain[1]

    @contextmanager
    def _through_proxy(self, url: str, headers: dict[str, str]) -> Iterator[Part]:
        self._proxied = self._proxied or httpx.Client(timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS))
        with self._proxied.stream("GET", url, headers=headers) as answer:
            told = {name.lower(): text for name, text in answer.headers.items()}
            yield Part(answer.status_code, told, _Chunks(answer), *_where(answer.status_code, told))


class _Chunks:
    """The body of an httpx answer, poured into buffers; its connection is httpx's to care for."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self._chunks = answer.iter_raw()
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def isclosed(self) -> bool:
        return self._answer.is_stream_consumed


def needs_proxy(parts: SplitResult) -> bool:
    proxies = getproxies()
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.hostname or "")


def _open(parts: SplitResult) -> HTTPConnection:
    """Connect within CONNECT_SECONDS; reads may take READ_SECONDS each."""
    host = parts.hostname or ""
    if parts.scheme == "https":
        connection: HTTPConnection = HTTPSConnection(host, parts.port, timeout=CONNECT_SECONDS, context=_trust())
    else:
        connection = HTTPConnection(host, parts.port, timeout=CONNECT_SECONDS)
    connection.connect()
    connection.sock.settimeout(READ_SECONDS)
    return connection


@cache
def _trust() -> ssl.SSLContext:
    """As httpx has it: SSL_CERT_FILE and SSL_CERT_DIR, else its own list."""
    return httpx.create_ssl_context()


def _where(status: int, headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Where the body begins, and how large the whole file is, as the store says."""
    if status == 206 and (found := CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())):
        return int(found[1]), int(found[3])
    length = headers.get("content-length", "")
    if status == 200 and length.isascii() and length.isdigit() and len(length) < 20:
        return 0, int(length)
    return None, None
