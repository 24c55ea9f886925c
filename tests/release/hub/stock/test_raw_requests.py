"""Addresses as no polite client would send them, byte for byte, to the server as it is deployed."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.release.hub.stock.tiny_llama import README
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY = "gatehouse/toy-1m"
FILE = f"/{TOY}/resolve/main"
API = f"/api/models/{TOY}"
TARGETS = [
    f"{FILE}/../../../etc/passwd", f"{FILE}/%2e%2e/%2e%2e/config.json", f"{FILE}//config.json", f"{FILE}/config.json/",
    f"{FILE}/config.json%00", f"{FILE}/%c0%ae%c0%ae/config.json", f"{FILE}/..%5cconfig.json", f"{FILE}/..\\config.json",
    f"/{FILE}/config.json", f"/{TOY}/resolve//config.json", f"/{TOY}/resolve/%2e%2e/config.json",
    f"/{TOY}//resolve/main/config.json", f"/.{FILE}/none", f"{FILE}/config.json%3Fx", f"{FILE}/\xc3\xa9",
    f"{FILE}/" + "a" * 20_000, f"/{TOY}/resolve/" + "a/" * 5_000, f"{FILE}/config.json%0d%0aX-Evil:%201",
    f"{API}/tree/main/..%2f..%2f", f"{API}/tree/main/%2e%2e", f"/api/models//{TOY}", f"{API}/../none",
    "/api/models/gatehouse%2Ftoy-1m/none", f"{API}/revision/%2e%2e%2fmain", "/api/models/%00/%00", f"/{TOY}/tree/%00",
    "/gatehouse/%2e%2e", "/%2e%2e/toy-1m", "/gatehouse/toy-1m%2Fresolve%2Fmain%2Fnone", f"{API}/tree/main?cursor=%00",
]  # fmt: skip
HEADERS = [
    "Authorization: Bearer \u00e9", "Authorization: " + "x" * 7000, "Range: bytes=0-", "Accept: text/html",
    "X-HTTP-Method-Override: DELETE",
]  # fmt: skip


def ask(world: World, method: str, target: str, *headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request on a connection of its own."""
    where = urlsplit(world.endpoint)
    lines = [f"{method} {target} HTTP/1.1", f"Host: {where.netloc}", "Connection: close", *headers, "", ""]
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        with connection.makefile("rb") as file:
            head, _, body = file.read().partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {line.partition(":")[0].lower(): line.partition(": ")[2] for line in rest}, body


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_whatever_is_sent_is_refused_and_never_a_fault(world: World, method: str, target: str) -> None:
    status, headers, body = ask(world, method, target, f"Authorization: Bearer {world.tokens['ada']}")
    assert 400 <= status < 500
    assert "x-evil" not in headers
    assert b"root:" not in body
    assert "location" not in headers


def test_head_of_a_text_tells_its_exact_length(world: World) -> None:
    for method in ("HEAD", "GET"):
        status, headers, body = ask(world, method, f"/{TOY}/resolve/main/README.md", "Accept-Encoding: identity")
        assert (status, headers["content-length"]) == (200, str(len(README.encode())))
        assert body == (b"" if method == "HEAD" else README.encode())
        assert "content-encoding" not in headers


@pytest.mark.parametrize("header", HEADERS)
def test_odd_headers_are_no_fault(world: World, header: str) -> None:
    status, _headers, _body = ask(world, "GET", f"/{TOY}/resolve/main/config.json", header)
    assert status == 401


def test_a_host_that_is_not_ours_gets_no_links(world: World) -> None:
    where = urlsplit(world.endpoint)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(b"GET /api/models?limit=1 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        with connection.makefile("rb") as file:
            answer = file.read()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"evil.example" not in answer
