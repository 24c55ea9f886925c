"""No webhook leads into the network that the site stands in."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from access_portal.errors import InvalidError
from access_portal.outbox.destinations import AddressRefusedError, addresses_of, check_url

EVERY = "0.0.0.0"  # noqa: S104
PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.8", "172.16.0.1", "192.168.1.1", "100.64.0.1", EVERY, "169.254.169.254",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1",
    "fd12::7", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.8", "2002:7f00:1::", "2002:a00:8::", "64:ff9b::a00:8",
    "64:ff9b::7f00:1", "2001:db8::1", "fec0::1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str, url: str = "https://hook.example/in") -> list[str]:
    """What `addresses_of` says where the resolver of the system knows these addresses."""

    def getaddrinfo(name: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asyncio.run(addresses_of(httpx.URL(url)))


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_into_a_private_network_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddressRefusedError):
        resolve(monkeypatch, address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_called(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(monkeypatch, address, address) == [address]


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddressRefusedError):
        resolve(monkeypatch, "8.8.8.8", "10.0.0.8")


def test_a_name_without_addresses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddressRefusedError):
        resolve(monkeypatch)


@pytest.mark.parametrize("name", ["localhost", "127.1", "0x7f000001", "2130706433", "017700000001", "0"])
def test_other_spellings_of_this_machine_are_refused_by_what_they_mean(name: str) -> None:
    with pytest.raises((AddressRefusedError, socket.gaierror)):
        asyncio.run(addresses_of(httpx.URL(f"https://{name}/")))


@pytest.mark.parametrize("mode", ["DEMO", "DEBUG"])
def test_a_demonstration_may_call_its_own_machine_and_nothing_else(
    mode: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    setattr(settings, mode, True)
    assert resolve(monkeypatch, "127.0.0.1", url="http://localhost:9/") == ["127.0.0.1"]
    for address in ("10.0.0.8", "8.8.8.8"):
        with pytest.raises(AddressRefusedError):
            resolve(monkeypatch, address, url="http://localhost:9/")
    with pytest.raises(AddressRefusedError):
        resolve(monkeypatch, "10.0.0.8")


@pytest.mark.parametrize("address", ["10.0.0.8", "192.168.1.1", "fd12::7", "127.0.0.1"])
def test_a_laboratory_may_open_its_own_network(
    address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    assert resolve(monkeypatch, address) == [address]
    assert check_url(f"https://{host(address)}/in") == f"https://{host(address)}/in"
    with pytest.raises(AddressRefusedError):
        resolve(monkeypatch, address, url="http://hook.example/in")


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", EVERY, "::", "255.255.255.255"])
def test_but_never_the_addresses_of_the_machine_room(
    address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with pytest.raises(AddressRefusedError):
        resolve(monkeypatch, address)


@pytest.mark.parametrize("address", PRIVATE)
def test_such_an_address_is_refused_when_it_is_typed(address: str) -> None:
    with pytest.raises(InvalidError) as error:
        check_url(f"https://{host(address)}/in")
    assert (error.value.code, error.value.field) == ("webhook_url", "url")


BAD_URLS = [
    "", "hook", "http://hook.example/", "http://127.0.0.1/", "ftp://hook.example/", "file:///etc/passwd", "https://",
    "https:///path", "//hook.example/", "javascript:alert(1)", "https://ada:secret@hook.example/",
    "https://hook.example/#part", "https://hook.example:99999/", "https://hook.example:0/", "https://hook.example:x/", "https://[::1/",
    "https://hook.example/\r\nX-Evil: 1", "https://hook.example\x00/", "https://" + "a" * 600 + ".example/",
    "https://hook.example/" + "a" * 500, "https://hook.example/" + "a" * 70_000, "gopher://127.0.0.1:6379/_FLUSHALL",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS, ids=[repr(url[:40]) for url in BAD_URLS])
def test_an_address_that_can_never_be_called_is_refused_in_words(url: str) -> None:
    with pytest.raises(InvalidError) as error:
        check_url(url)
    assert error.value.explanation.endswith(".")


@pytest.mark.parametrize("url", ["https://hook.example/in?key=1", "https://hook.example:8443/", "https://8.8.8.8/"])
def test_a_good_address_is_kept_as_it_is(url: str) -> None:
    assert check_url(f" {url} ") == url
