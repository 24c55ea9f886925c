"""Ways to the store: over TLS with certificates of a house of one's own, and through a proxy."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.client.cli.exits import Exit
from tests.access_portal.outbox.test_posting_tls import certificate
from tests.release.client.commands import start
from tests.release.client.conftest import LAYOUTS, contents
from tests.release.client.servers import Published, Servers, serving

LARGE = "consolidated.00.pth"


def fetched(servers: Servers, *words: str, **env: str) -> tuple[int, str]:
    """How a download by a program of its own ended, and what it said."""
    program = start(servers, "download", "llama/7b", "w", *words, **env)
    _, told = program.communicate(timeout=60)
    return program.returncode, told


def is_whole(servers: Servers) -> bool:
    return Path("w/7B", LARGE).read_bytes() == servers.portal.published.files[LARGE]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return certificate("localhost", tmp_path)


@pytest.fixture
def over_tls(own: Path) -> Iterator[Servers]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own)
    with serving(Published(contents(), LAYOUTS), tls) as servers:
        yield servers


def test_a_store_with_a_certificate_of_the_house_is_believed_where_that_is_named(
    over_tls: Servers, own: Path, home: Path
) -> None:
    code, told = fetched(over_tls, SSL_CERT_FILE=str(own))
    assert (code, is_whole(over_tls)) == (0, True), told


def test_a_store_with_a_certificate_that_nobody_vouches_for_is_told_nothing(over_tls: Servers, home: Path) -> None:
    code, told = fetched(over_tls, "--patience", "0")
    assert (code, "certificate" in told.lower()) == (Exit.NETWORK, True)
    assert not over_tls.store.uses


def test_a_proxy_carries_what_comes_from_the_store(servers: Servers, home: Path) -> None:
    """The store is its own proxy here; by its name nobody else finds it."""
    proxy = servers.portal.store_url
    servers.portal.store_url = "http://store.invalid"
    code, told = fetched(servers, "--insecure-http", HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="127.0.0.1")
    assert (code, is_whole(servers)) == (0, True), told
    assert servers.store.tokens_seen == []


def test_a_proxy_that_is_away_is_waited_for_no_longer_than_patience(servers: Servers, home: Path) -> None:
    servers.portal.store_url = "http://store.invalid"
    proxy = "http://127.0.0.1:1"
    code, told = fetched(
        servers, "--insecure-http", "--patience", "0", HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="127.0.0.1"
    )
    assert (code, "did not come from the store" in told) == (Exit.NETWORK, True)


@pytest.mark.parametrize("cut", [0, 17, 70_000])
def test_a_proxy_that_breaks_off_loses_no_byte_that_came(servers: Servers, home: Path, cut: int) -> None:
    proxy = servers.portal.store_url
    servers.portal.store_url = "http://store.invalid"
    servers.store.cuts.extend([cut] * 3)
    code, told = fetched(servers, "--insecure-http", HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="127.0.0.1")
    assert (code, is_whole(servers)) == (0, True), told
