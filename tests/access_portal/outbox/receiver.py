"""A receiver of webhooks: a real HTTP server in a thread, which behaves as badly as it is asked to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One request as it came; names of headers are lower-case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`statuses` are answered one after another at `/script`, then 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.received]


def is_signed(secret: str, request: Received) -> bool:
    """The check of the specification, written from its text and not from our code."""
    key = base64.b64decode(secret[len("whsec_") :])
    head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
    expected = base64.b64encode(hmac.digest(key, head.encode() + request.body, hashlib.sha256)).decode()
    return f"v1,{expected}" in request.headers["webhook-signature"].split(" ")


class Handler(BaseHTTPRequestHandler):
    """What to do stands in the path."""

    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.received.append(Received(self.path, headers, body))
        kind = self.path.partition("?")[0].strip("/").partition("/")[0]
        try:
            getattr(self, f"be_{kind}")()
        except OSError:
            self.close_connection = True  # the other side has left, as it should

    def answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", "0")):
            self.send_header(name, value)
        self.end_headers()

    def be_ok(self) -> None:
        self.answer(204)

    def be_script(self) -> None:
        self.answer(self.receiver.statuses.pop(0) if self.receiver.statuses else 200)

    def be_status(self) -> None:
        self.answer(int(self.path.rsplit("/", 1)[1]))

    def be_redirect(self) -> None:
        self.answer(307, ("Location", f"{self.receiver.url}/ok"))

    def be_hang(self) -> None:
        self.receiver.closing.wait()

    def be_drip(self) -> None:
        """A header that never ends, a byte at a time: no single read takes long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not self.receiver.closing.wait(0.02):
            self.wfile.write(b"x")

    def be_endless(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.receiver.closing.is_set():
            self.wfile.write(b"x" * 65536)

    def be_big(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        self.wfile.write(b"x" * 10_000_000)

    def be_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(2000)))

    def be_garbage(self) -> None:
        self.wfile.write(b"\x00\xff\r\n\r\n")

    def be_nothing(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()
    handler = type("BoundHandler", (Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
