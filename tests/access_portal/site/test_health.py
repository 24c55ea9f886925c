"""Liveness touches nothing; the heartbeat asks every part and gives no secret away."""

from collections.abc import Iterator

import pytest
import redis
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from access_portal.site import health, version


@pytest.fixture
def broken_part() -> Iterator[None]:
    def check() -> None:
        raise ConnectionError("refused by s3.internal.example with key AKIA123")

    health.register("storage", check)
    yield
    del health._checks["storage"]


@pytest.mark.django_db
def test_liveness_needs_no_database_no_session_and_no_known_host(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/__lbheartbeat__", headers={"host": "10.1.2.3"})
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.django_db
def test_heartbeat_names_each_part_that_answers(client: Client, redis_server: redis.Redis) -> None:
    response = client.get("/__heartbeat__")
    parts = response.json()["parts"]
    assert parts["database"]["ok"]
    assert parts["redis"]["ok"]
    assert isinstance(parts["redis"]["ms"], int)


@pytest.mark.django_db
def test_heartbeat_answers_503_and_keeps_the_cause_to_itself(client: Client, broken_part: None) -> None:
    response = client.get("/__heartbeat__")
    assert response.status_code == 503
    assert response.json()["parts"]["storage"]["ok"] is False
    assert "AKIA123" not in response.content.decode()
    assert "internal.example" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/__heartbeat__", "/__version__"])
def test_health_pages_take_no_post(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_version_says_which_commit_runs(client: Client) -> None:
    answer = client.get("/__version__").json()
    assert answer["version"] == version.current()["version"]
    assert set(answer) == {"version", "commit"}


def test_version_comes_from_the_image_where_there_is_no_work_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_VERSION", "9.9")
    monkeypatch.setenv("GATEHOUSE_COMMIT", "abc")
    version.current.cache_clear()
    assert version.current() == {"version": "9.9", "commit": "abc"}
    version.current.cache_clear()
