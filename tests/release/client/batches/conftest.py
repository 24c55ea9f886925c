"""Ada before the batch commands, a proxy between her and the portal; a worker's part is done by `done`."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from typer.testing import CliRunner, Result

from access_portal.accounts.models import User
from inference_worker import finishing, validation
from inference_worker.models import Batch, StoredFile
from release.client.cli.app import app
from release.models import Release
from release.storage import jobs_store
from tests.inference_worker import web
from tests.release.faulty_store import FaultyStore, before

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[3]
IN = "in.jsonl"


@pytest.fixture
def portal(live_server: LiveServer, redis_server: redis.Redis, settings: Settings) -> str:
    """Its address; it knows by which name it is called."""
    redis_server.flushall()
    settings.BASE_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def way(portal: str) -> Iterator[FaultyStore]:
    """Between client and portal; it passes everything on until a test tells it otherwise."""
    with before(urlsplit(portal).port or 80) as proxy:
        yield proxy


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder of nobody yet, and an empty folder to stand in."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("release.client.session.PAUSES_SECONDS", (0.0, 0.0, 0.0))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


@pytest.fixture
def run(way: FaultyStore, ada: User, home: Path) -> Iterator[Run]:
    """`run("submit", "in.jsonl")`: as Ada, with a token for jobs; `token=None` is nobody."""
    old = signal.getsignal(signal.SIGTERM)
    secret = web.token(ada)

    def invoke(*words: str, token: str | None = secret) -> Result:
        env = {"GATEHOUSE_SERVER": way.url, "GATEHOUSE_TOKEN": token}
        return CliRunner().invoke(app, ["batch", *words], env=env)

    yield invoke
    signal.signal(signal.SIGTERM, old)


@pytest.fixture
def prompts(home: Path, tiny_release: Release) -> bytes:
    """`in.jsonl` with one line that runs and one that cannot."""
    body = web.request_line(tiny_release, "b")["body"] | {"n": 99}
    data = web.jsonl(web.request_line(tiny_release, "a"), web.request_line(tiny_release, "b", body=body))
    Path(IN).write_bytes(data)
    return data


def told(result: Result) -> dict[str, Any]:
    return dict(json.loads(result.stdout.splitlines()[-1]))


def failure(result: Result) -> tuple[int, str]:
    return result.exit_code, told(result)["error"]["code"]


def begin(run: Run, *words: str) -> str:
    result = run("submit", IN, *words, "--json")
    assert result.exit_code == 0, result.output
    return str(told(result)["batch"]["id"])


def done(batch_id: str) -> Batch:
    """What validation, worker and finaliser make of it."""
    validation.validate_batch(batch_id, timezone.now())
    batch = Batch.objects.get(pk=batch_id)
    if batch.release is not None:
        web.work(batch.release.variant.model_id)
        finishing.advance(batch_id, timezone.now())
    batch.refresh_from_db()
    return batch


def kept(file: StoredFile | None) -> bytes:
    assert file is not None
    return jobs_store().read(file.storage_key)
