"""A store that is away for a minute: the real S3 server behind a proxy that answers 503 until it was asked so often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from access_portal.accounts.models import Scope
from access_portal.accounts.tokens import issue_token
from release.client import download as client
from release.client.download import Order
from release.client.errors import NetworkError
from release.client.events import Event, Notice
from release.client.model_name import parse
from release.client.pins import Pins
from release.client.selection import Wanted
from release.client.session import Portal
from release.client.transfer import Pace
from release.models import Release
from release.storage import weights_store
from tests.factories import make_grant, make_user
from tests.release.client.test_patience import Time
from tests.release.faulty_store import UNAVAILABLE, FaultyStore, before, times

Fetch = Callable[[Pace], None]
A_MINUTE = 20  # attempts of one connection, with the pauses between them


@pytest.fixture
def store(published: Release, settings: Settings) -> Iterator[FaultyStore]:
    """What links lead to."""
    with before(urlsplit(settings.S3_ENDPOINT_URL).port or 80) as proxy:
        settings.S3_PUBLIC_ENDPOINT_URL = settings.DOWNLOAD_ORIGIN = proxy.url
        yield proxy


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(connections=1, clock=time.clock, wait=time.wait)


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def fetch(
    live_server: LiveServer, redis_server: redis.Redis, published: Release, settings: Settings, tmp_path: Path,
    told: list[Event],
) -> Fetch:  # fmt: skip
    redis_server.flushall()
    settings.BASE_URL = live_server.url
    ada = make_user("ada")
    make_grant(ada, published.variant.family)
    secret = issue_token(actor=ada, name="laptop", scopes=[Scope.DOWNLOAD], days=9, now=timezone.now())[1]

    def run(pace: Pace) -> None:
        with Portal(live_server.url, secret, wait=lambda seconds: None) as portal:
            order = Order(parse("toy/1m"), tmp_path / "weights", Wanted.ALL)
            prospect = client.look(portal, Pins(tmp_path / "config"), order, told.append)
            client.download(portal, prospect, told.append, pace=pace)

    return run


def waits(told: list[Event]) -> list[str]:
    return [event.text for event in told if isinstance(event, Notice) and "asked again" in event.text]


def require_complete(release: Release, folder: Path) -> None:
    for row in release.artifacts.all():
        assert (folder / row.path).read_bytes() == weights_store().read(row.storage_key)


@pytest.mark.parametrize("connections", [1, 4])
def test_a_store_that_is_away_for_a_minute_is_waited_for_and_said_so(
    fetch: Fetch, store: FaultyStore, published: Release, pace: Pace, time: Time, told: list[Event], tmp_path: Path,
    connections: int,
) -> None:  # fmt: skip
    store.faults.append(times(A_MINUTE * connections, "get", UNAVAILABLE))
    fetch(replace(pace, connections=connections, patience_seconds=300.0 * connections))  # each moves the clock
    require_complete(published, tmp_path / "weights")
    assert time.passed > 60
    assert store.seen["get"] == A_MINUTE * connections + store.passed["get"]
    assert len(waits(told)) == 1
    assert "status 503" in waits(told)[0]


def test_a_store_that_says_when_to_come_back_is_asked_then(
    fetch: Fetch, store: FaultyStore, published: Release, pace: Pace, time: Time, told: list[Event], tmp_path: Path
) -> None:
    store.faults.append(times(2, "get", replace(UNAVAILABLE, headers={"Retry-After": "30"})))
    fetch(pace)
    require_complete(published, tmp_path / "weights")
    assert time.pauses == [30, 30]
    assert len(waits(told)) == 1


def test_a_store_that_stays_away_ends_the_run_and_the_next_goes_on(
    fetch: Fetch, store: FaultyStore, published: Release, pace: Pace, time: Time, tmp_path: Path
) -> None:
    store.faults.append(times(10_000, "get", UNAVAILABLE))
    with pytest.raises(NetworkError) as ended:
        fetch(pace)
    assert (ended.value.code, time.passed > 290) == ("store_trouble", True)
    store.faults.clear()
    fetch(pace)
    require_complete(published, tmp_path / "weights")
