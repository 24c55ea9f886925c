"""A portal and a store over real sockets, which can be told to misbehave in the ways that networks and stores do."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import ssl
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc.jwk import OKPKey

from release.client import manifest, signature
from release.client.manifest import File, Layout, LicenceText, Manifest

TOKEN = "gh_" + "t" * 40
CHUNK = 256 * 1024
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class Published:
    """One release, signed: contents by path, and what the portal hands out of it."""

    files: dict[str, bytes]
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    version: str = "v1"
    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519"))
    paths: Mapping[str, str] = field(default_factory=dict)  # what a hostile manifest calls a file

    def __post_init__(self) -> None:
        rows = [self._row(path, content) for path, content in self.files.items()]
        content = Manifest("llama-7b", self.version, LicenceText("research", "1.0", "a" * 64), tuple(rows))
        self.manifest = manifest.encode(content)
        statement = signature.Statement("llama-7b", self.version, manifest.digest(self.manifest), 1_780_000_000)
        self.signature = signature.sign(statement, self.key).encode()
        self.keys = json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()

    def _row(self, path: str, content: bytes) -> File:
        sums = (hashlib.sha256(content).hexdigest(), hashlib.md5(content, usedforsecurity=False).hexdigest())
        return File(self.paths.get(path, path), len(content), *sums, self.layouts.get(path, Layout.ANY))


@dataclass
class Store:
    """What is served for each link, and what goes wrong meanwhile. Counts are of requests."""

    contents: dict[str, bytes]
    links: dict[str, str] = field(default_factory=dict)  # secret -> path
    failures: deque[int] = field(default_factory=deque)  # statuses for the next requests
    cuts: deque[int] = field(default_factory=deque)  # bytes after which the next answers break off
    lies: dict[str, int] = field(default_factory=dict)  # path -> size that is told
    etags: dict[str, str] = field(default_factory=dict)
    flips: Counter[str] = field(default_factory=Counter)  # path -> how many answers have a byte flipped
    ignores_ranges: bool = False
    refuses_links: bool = False
    ends_links_after: int | None = None  # requests for which a link is good
    sent_bytes: int = 0
    on_sent: Callable[[int], None] = lambda total: None
    requests: list[tuple[str, int, int]] = field(default_factory=list)
    tokens_seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    uses: Counter[str] = field(default_factory=Counter)

    def fetched(self, path: str) -> int:
        """How many bytes of this file were asked for."""
        return sum(stop - start for asked, start, stop in self.requests if asked == path)


@dataclass
class Portal:
    """What the portal answers; `answers` takes precedence, by method and path, for the next time or always."""

    published: Published
    store_url: str = ""
    url: str = ""
    answers: dict[str, tuple[int, str, bytes, dict[str, str]]] = field(default_factory=dict)
    once: dict[str, deque[tuple[int, str, bytes, dict[str, str]]]] = field(default_factory=dict)
    access: dict[str, Any] = field(default_factory=lambda: {"allowed": True})
    facts: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    bearers: dict[str, set[str | None]] = field(default_factory=lambda: defaultdict(set))  # path -> as whom

    def reports(self) -> dict[str, str]:
        """Path -> outcome, as told last."""
        told = [content for _, path, content in self.asked if path.endswith("/reports")]
        return {row["path"]: row["outcome"] for content in told for row in content["files"]}

    def minted(self) -> list[list[str]]:
        return [content["paths"] for _, path, content in self.asked if path.endswith("/links")]


@dataclass
class Servers:
    portal: Portal
    store: Store

    @property
    def url(self) -> str:
        return self.portal.url

    def offer_a_login(self) -> None:
        """By the browser; somebody has confirmed it already."""
        codes = {
            "device_code": "d-secret",
            "user_code": "ABCD-EFGH",
            "verification_uri": self.url + "/activate/",
            "interval": 1,
        }
        token = {"access_token": TOKEN, "token_type": "bearer"}
        for path, told in (("codes", codes), ("tokens", token)):
            answer = (200, "application/json", json.dumps(told).encode(), {})
            self.portal.answers[f"/portal/v1/device/{path}"] = answer


@contextmanager
def serving(published: Published, tls: ssl.SSLContext | None = None) -> Iterator[Servers]:
    """Both, on ports of this machine; the store over TLS where that is given."""
    store = Store({manifest_path(published, path): content for path, content in published.files.items()})
    portal = Portal(published)
    with _server(_store_handler(store), tls) as store_url, _server(_portal_handler(portal, store)) as portal_url:
        portal.store_url, portal.url = store_url, portal_url
        yield Servers(portal, store)


def manifest_path(published: Published, path: str) -> str:
    return published.paths.get(path, path)


@contextmanager
def _server(handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}" if tls else f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _store_handler(store: Store) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - methods of a closure
    class Handler(_Quiet):
        def do_GET(self) -> None:
            secret = self.path.rsplit("=", 1)[-1]
            with store.lock:
                store.tokens_seen += [self.headers["Authorization"]] if "Authorization" in self.headers else []
                store.uses[secret] += 1
                path = store.links.get(secret)
                ended = store.ends_links_after is not None and store.uses[secret] > store.ends_links_after
                failure = store.failures.popleft() if store.failures else None
            if path is None or ended or store.refuses_links:
                self.answer(403, "application/xml", b"<Error><Code>AccessDenied</Code></Error>")
            elif failure is not None:
                self.answer(failure, "application/xml", b"<Error><Code>SlowDown</Code></Error>", {"Retry-After": "0"})
            else:
                self._give(path)

        def _give(self, path: str) -> None:
            content = store.contents[path]
            asked = RANGE.fullmatch(self.headers.get("Range", ""))
            start, stop = (int(asked[1]), int(asked[2]) + 1) if asked else (0, len(content))
            if store.ignores_ranges:
                asked, start, stop = None, 0, len(content)
            total = store.lies.get(path, len(content))
            with store.lock:
                store.requests.append((path, start, stop))
                cut = store.cuts.popleft() if store.cuts else None
                flipped = store.flips[path] > 0
                store.flips[path] -= flipped
            body = content[start:stop]
            if flipped:
                body = bytes([body[0] ^ 1]) + body[1:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header(
                "ETag", store.etags.get(path, f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"')
            )
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{total}")
            self.end_headers()
            self._send(body if cut is None else body[:cut])
            if cut is not None:
                self.close_connection = True
                self.connection.shutdown(2)

        def _send(self, body: bytes) -> None:
            for at in range(0, len(body), CHUNK):
                piece = body[at : at + CHUNK]
                self.wfile.write(piece)
                with store.lock:
                    store.sent_bytes += len(piece)
                    total = store.sent_bytes
                store.on_sent(total)

    return Handler


def _portal_handler(portal: Portal, store: Store) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - methods of a closure
    class Handler(_Quiet):
        def do_GET(self) -> None:
            self._handle("GET", None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._handle("POST", json.loads(body) if "json" in self.headers.get("Content-Type", "") else body)

        def _handle(self, method: str, content: Any) -> None:
            path = self.path.split("?")[0]
            portal.asked.append((method, path, content))
            portal.bearers[path].add(self.headers.get("Authorization"))
            portal.agents.add(self.headers.get("User-Agent", ""))
            waiting = portal.once.get(path)
            if waiting:
                self.answer(*waiting.popleft())
            elif path in portal.answers:
                self.answer(*portal.answers[path])
            else:
                self._as_agreed(path, content)

        def _as_agreed(self, path: str, content: Any) -> None:
            public = {
                "/models/llama/7b/v1/manifest.json": portal.published.manifest,
                "/models/llama/7b/v1/manifest.jws": portal.published.signature,
                "/.well-known/gatehouse-releases.json": portal.published.keys,
            }
            if path in public:
                self.answer(200, "application/octet-stream", public[path])
            elif path == "/portal/v1/models":
                self._json(200, {"data": [model(portal)]})
            elif path in ("/portal/v1/releases/llama/7b/latest", "/portal/v1/releases/llama/7b/v1"):
                self._json(200, facts(portal))
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._json(401, {"code": "not_signed_in", "title": "This needs a token.", "remedy": "Make one."})
            elif path.endswith("/v1/links"):
                self._json(200, {"links": [self._link(each) for each in content["paths"]]})
            elif path.endswith("/v1/reports"):
                self.answer(204, "application/json", b"")
            elif path == "/portal/v1/me":
                token = {"name": "laptop", "scopes": ["download", "read"], "expires_at": "2026-12-01T00:00:00+00:00"}
                self._json(200, {"username": "ada", "name": "Ada", "token": token})
            else:
                self._json(404, {"code": "not_found", "title": "There is nothing here."})

        def _link(self, path: str) -> dict[str, Any]:
            secret = secrets.token_hex(8)
            store.links[secret] = path
            content = store.contents[path]
            return {"path": path, "url": f"{portal.store_url}/weights/{len(path)}?X-Amz-Signature={secret}",
                    "size": len(content), "expires_at": "2026-11-25T00:15:00+00:00"}  # fmt: skip

        def _json(self, status: int, content: Any) -> None:
            kind = "application/json" if status < 400 else "application/problem+json"
            self.answer(status, kind, json.dumps(content).encode())

    return Handler


def model(portal: Portal) -> dict[str, Any]:
    size = sum(map(len, portal.published.files.values()))
    line = {"version": "v1", "state": "published", "bytes": size, "layouts": ["hf", "meta"]}
    return {"model": "llama/7b", "model_id": "llama-7b", "name": "LLaMA 7B", "family": "llama", "latest": "v1",
            "releases": [line], "access": portal.access}  # fmt: skip


def facts(portal: Portal) -> dict[str, Any]:
    page = "https://elsewhere.example/models/llama/7b/v1/"  # the portal's own name, whatever we call it
    return {
        "model": "llama/7b", "model_id": "llama-7b", "version": "v1", "state": "published",
        "licence": {"slug": "research", "version": "1.0"}, "manifest_url": page + "manifest.json",
        "signature_url": page + "manifest.jws", "deprecated": None, "withdrawn": None, "access": portal.access,
        "keys_url": "https://elsewhere.example/.well-known/gatehouse-releases.json", **portal.facts,
    }  # fmt: skip
