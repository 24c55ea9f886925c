"""Whatever the other side does, a request ends, soon, and nothing but its status is read."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from pytest_django import Settings

from access_portal.outbox import posting
from access_portal.outbox.posting import Answer, Failure, Post, post_all
from tests.access_portal.outbox.receiver import Receiver


def ask(*urls: str) -> list[Answer]:
    return post_all([Post(url, {"webhook-id": url}, b"{}") for url in urls])


def know(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """A resolver that gives these addresses, one at each question; returns the questions."""
    asked: list[str] = []

    def getaddrinfo(name: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(name)
        address = addresses[min(len(asked), len(addresses)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_nothing_to_send_is_nothing() -> None:
    assert post_all([]) == []


def test_the_request_is_json_with_our_headers(receiver: Receiver) -> None:
    assert ask(f"{receiver.url}/ok?key=1") == [Answer(status=204)]
    request = receiver.received[0]
    assert (request.path, request.body) == ("/ok?key=1", b"{}")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == posting.USER_AGENT
    assert request.headers["host"] == receiver.url.removeprefix("http://")


@pytest.mark.parametrize("status", [200, 201, 299, 300, 304, 400, 410, 500, 503])
def test_only_2xx_is_success(receiver: Receiver, status: int) -> None:
    answer = ask(f"{receiver.url}/status/{status}")[0]
    assert (answer.status, answer.is_success) == (status, status < 300)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    assert ask(f"{receiver.url}/redirect") == [Answer(status=307)]
    assert [request.path for request in receiver.received] == ["/redirect"]


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_one_that_never_answers_is_left(receiver: Receiver, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "DEADLINE_SECONDS", 0.3)
    assert ask(receiver.url + path) == [Answer(failure=Failure.TIMEOUT)]


@pytest.mark.parametrize("path", ["/endless", "/big"])
def test_a_body_without_end_is_not_read(receiver: Receiver, path: str) -> None:
    assert ask(receiver.url + path) == [Answer(status=200)]


@pytest.mark.parametrize("path", ["/garbage", "/nothing", "/headers"])
def test_what_is_not_http_is_a_failure(receiver: Receiver, path: str) -> None:
    assert ask(receiver.url + path)[0].failure in {Failure.BAD_ANSWER, Failure.NOT_REACHABLE}


def test_one_that_hangs_holds_up_none_beside_it(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "DEADLINE_SECONDS", 1.0)
    answers = ask(f"{receiver.url}/hang", f"{receiver.url}/ok", f"{receiver.url}/status/500")
    assert answers == [Answer(failure=Failure.TIMEOUT), Answer(status=204), Answer(status=500)]


def test_more_than_go_at_once_are_answered_in_order(receiver: Receiver) -> None:
    statuses = [200 + number for number in range(2 * posting.AT_ONCE + 1)]
    answers = ask(*(f"{receiver.url}/status/{status}" for status in statuses))
    assert [answer.status for answer in answers] == statuses


def test_where_nobody_listens_is_not_reachable(settings: Settings) -> None:
    settings.DEBUG = True
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert ask(f"http://127.0.0.1:{taken.getsockname()[1]}/") == [Answer(failure=Failure.NOT_REACHABLE)]


@pytest.mark.parametrize("name", ["nobody.invalid", "a" * 64 + ".example", "xn--.example"])
def test_a_name_that_nobody_knows_is_a_failure(name: str) -> None:
    assert ask(f"https://{name}/")[0].failure == Failure.NAME_UNKNOWN


def test_a_private_address_is_never_connected_to(receiver: Receiver, settings: Settings) -> None:
    settings.DEBUG = False
    assert ask(f"{receiver.url}/ok", f"https{receiver.url[4:]}/ok") == [Answer(failure=Failure.ADDRESS_REFUSED)] * 2
    assert receiver.received == []


def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = know(monkeypatch, "127.0.0.1", "10.0.0.8")
    port = receiver.url.rpartition(":")[2]
    assert ask(f"http://hook.example:{port}/ok") == [Answer(status=204)]
    assert asked == ["hook.example"]
    assert receiver.received[0].headers["host"] == f"hook.example:{port}"


def test_addresses_are_not_logged(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        ask(f"{receiver.url}/ok?key=secret-of-the-receiver")
    assert len(receiver.received) == 1
    assert "secret-of-the-receiver" not in caplog.text


def test_proxies_of_the_environment_are_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ask(f"{receiver.url}/ok") == [Answer(status=204)]
