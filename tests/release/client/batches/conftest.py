"""Ada before the batch commands, and a proxy between her and the portal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from access_portal.accounts.models import User
from release.client.cli.app import app
from release.models import Release
from tests.inference_worker import web
from tests.inference_worker.conftest import tiny_model, tiny_release
from tests.release.client.batches.scene import IN
from tests.release.client.commands import Run
from tests.release.faulty_store import FaultyStore, before

__all__ = ["tiny_model", "tiny_release"]


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
