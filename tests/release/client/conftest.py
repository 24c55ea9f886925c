"""A release on a server that behaves, until a test tells it otherwise; and the portal itself."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import redis
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from typer.testing import CliRunner, Result

from release.client import download as client
from release.client.cli.app import app
from release.client.download import Order, Outcome
from release.client.events import Event
from release.client.manifest import Layout
from release.client.model_name import parse
from release.client.pins import Pins
from release.client.session import Portal
from release.client.transfer import Pace
from tests.release.client.commands import Run
from tests.release.client.servers import TOKEN, Published, Servers, serving

BLOCK = 64 * 1024
PACE = Pace(connections=4, block_bytes=BLOCK, patience_seconds=20, first_pause_seconds=0.001)
LAYOUTS = {
    "consolidated.00.pth": Layout.META, "params.json": Layout.META, "checklist.chk": Layout.META,
    "model.safetensors": Layout.HF, "config.json": Layout.HF,
}  # fmt: skip


def contents(large: int = 40 * BLOCK + 17) -> dict[str, bytes]:
    noise = random.Random(7).randbytes
    return {
        "consolidated.00.pth": noise(large), "params.json": b'{"dim": 64}', "checklist.chk": b"",
        "model.safetensors": noise(3 * BLOCK), "config.json": b"{}", "tokenizer.model": noise(5000),
        "docs/use policy.txt": b"Be good.",
    }  # fmt: skip


@pytest.fixture
def portal(live_server: LiveServer, redis_server: redis.Redis, settings: Settings) -> str:
    """Its address; it knows by which name it is called."""
    redis_server.flushall()
    settings.BASE_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def servers() -> Iterator[Servers]:
    with serving(Published(contents(), LAYOUTS)) as both:
        yield both


class Runs:
    """Downloads into one folder; `events` are those of the last run."""

    def __init__(self, servers: Servers, folder: Path, pins: Pins) -> None:
        self.servers, self.folder, self.pins = servers, folder, pins
        self.root = folder / "7B"
        self.events: list[Event] = []

    def __call__(self, *, pace: Pace = PACE, **asked: object) -> Outcome:
        self.events = []
        with Portal(self.servers.url, TOKEN, wait=lambda seconds: None) as portal:
            order = Order(parse("llama/7b"), self.folder, **asked)  # type: ignore[arg-type]
            prospect = client.look(portal, self.pins, order, self.events.append)
            client.require_access(prospect)
            return client.download(portal, prospect, self.events.append, pace=pace)

    def content(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def is_complete(self) -> bool:
        """Meta's layout, byte for byte, and nothing half-done beside it."""
        files = self.servers.portal.published.files
        wanted = [path for path in files if LAYOUTS.get(path) is not Layout.HF]
        whole = all(self.content(path) == files[path] for path in wanted)
        return whole and not list((self.root / ".gatehouse/partial").iterdir())


@pytest.fixture
def fetch(servers: Servers, tmp_path: Path) -> Runs:
    return Runs(servers, tmp_path / "weights", Pins(tmp_path / "config"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a person on a machine of their own, who has just opened a terminal in an empty folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    for name in ("GATEHOUSE_TOKEN", "GATEHOUSE_SERVER"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home/.config/gatehouse"


@pytest.fixture
def run(servers: Servers, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`run("models")`: as this person, on a server that was named before; `token=None` is nobody."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("release.client.session.PAUSES_SECONDS", (0.0, 0.0, 0.0))

    def invoke(*words: str, token: str | None = TOKEN, server: str | None = None, stdin: bytes = b"") -> Result:
        env = {"GATEHOUSE_TOKEN": token, "GATEHOUSE_SERVER": server or servers.url}
        return CliRunner().invoke(app, list(words), env=env, input=stdin)

    yield invoke
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def notices(fetch: Runs) -> Callable[[], str]:
    return lambda: "\n".join(getattr(event, "text", "") for event in fetch.events)


def on_its_way_to_its_place(fetch: Runs, path: str) -> None:
    """As if the run had been killed when this file was whole, just before it was moved."""
    [sums] = (fetch.root / ".gatehouse/blocks").glob(f"*-{sha256(fetch.content(path)).hexdigest()[:16]}.journal")
    (fetch.root / path).replace(fetch.root / ".gatehouse/partial" / sums.name.removesuffix(".journal"))
