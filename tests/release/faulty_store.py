"""A small HTTP proxy before the S3 server that does to requests and answers what a bad store or network does.

It passes everything on as it is, the Host header too, so signatures stay valid. A test adds faults: each looks at a
request and returns None (not its business) or what to do with it.
"""

from __future__ import annotations

import http.client
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread, current_thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """`kind` tells S3's operations apart: put, part, begin, complete, abort, parts, get, head, delete."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    @property
    def kind(self) -> str:
        if "uploads" in self.query and self.method == "POST":
            return "begin"
        if "uploadId" in self.query:
            return {"PUT": "part", "POST": "complete", "DELETE": "abort", "GET": "parts"}[self.method]
        return self.method.lower()


@dataclass
class Answer:
    """`cut` drops the connection after so many bytes of the body; `length` is what Content-Length claims."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    length: int | None = None


Ask = Callable[[Request], Answer]
Fault = Callable[[Request, Ask], Answer | None]


class FaultyStore:
    """`seen` counts the requests of each kind that came; `passed` those that reached the store behind.

    `connections` are the threads that serve one each; a thread ends with its connection.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.faults: list[Fault] = []
        self.seen: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.connections: set[Thread] = set()
        self.lock = Lock()
        self.turns: defaultdict[str, Lock] = defaultdict(Lock)
        self.url = ""

    def answer(self, request: Request) -> Answer:
        with self.lock:
            self.seen[request.kind] += 1
        for fault in list(self.faults):
            answer = fault(request, self.ask)
            if answer is not None:
                return answer
        return self.ask(request)

    def ask(self, request: Request) -> Answer:
        """What the store behind says.

        S3 takes or leaves each request about an upload as a whole; nanio mixes up two of the same part at once, so
        here they take turns.
        """
        with self.lock:
            self.passed[request.kind] += 1
            turn = self.turns[request.query.get("uploadId", [request.path])[0]]
        with turn:
            return self._ask(request)

    def _ask(self, request: Request) -> Answer:
        behind = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            behind.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                behind.putheader(name, value)
            behind.endheaders(request.body or None)
            answer = behind.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            behind.close()


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Server

    def handle_any(self) -> None:
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client is gone
            self.close_connection = True
            return
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        self.give(self.server.store.answer(Request(self.command, self.path, headers, body)))

    def give(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = len(answer.body) if answer.length is None else answer.length
        if self.command == "HEAD":
            length = int(answer.headers.get("content-length", 0))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
        self.close_connection = answer.cut is not None or answer.length is not None

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Tests read no log."""

    def handle_expect_100(self) -> bool:
        return True  # answered above, once


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, store: FaultyStore) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = store

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self.store.connections.add(current_thread())
        super().process_request_thread(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is what some tests are about."""


@contextmanager
def before(port: int) -> Iterator[FaultyStore]:
    """The proxy, running before the server at `port`."""
    store = FaultyStore(port)
    server = Server(store)
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def times(count: int, kind: str, answer: Answer) -> Fault:
    """The first `count` requests of this kind get this answer and go no further."""
    left, lock = [count], Lock()

    def fault(request: Request, ask: Ask) -> Answer | None:
        with lock:
            if request.kind != kind or left[0] == 0:
                return None
            left[0] -= 1
            return answer

    return fault


def altered(kind: str, alter: Callable[[Request, Answer], Answer]) -> Fault:
    """Every answer of this kind, changed."""
    return lambda request, ask: alter(request, ask(request)) if request.kind == kind else None


UNAVAILABLE = Answer(503, {}, b"<Error><Code>SlowDown</Code><Message>Later.</Message></Error>")
FULL = Answer(507, {}, b"<Error><Code>InsufficientStorage</Code><Message>Disk full.</Message></Error>")
NO_SUCH_UPLOAD = Answer(404, {}, b"<Error><Code>NoSuchUpload</Code><Message>Gone.</Message></Error>")
NOT_IMPLEMENTED = Answer(501, {}, b"<Error><Code>NotImplemented</Code><Message>No.</Message></Error>")
