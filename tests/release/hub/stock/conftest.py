"""The portal as it is deployed, a world in it, and the stock clients as people have them, in a home of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from huggingface_hub import HfApi
from pytest_django.plugin import DjangoDbBlocker

from tests.conftest import _wait_for_port
from tests.inference_worker.test_worker_process import database_url
from tests.release.hub.stock.world import World, build

ROOT = Path(__file__).resolve().parents[4]
BIN = Path(sys.executable).parent
Hf = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def hub_server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, s3_server: str, redis_server: object
) -> Iterator[str]:
    """One server process for all tests of a run; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    with django_db_blocker.unblock():
        env = {**os.environ, "GATEHOUSE_DATABASE_URL": database_url(), "GATEHOUSE_BASE_URL": endpoint}
    command = [str(BIN / "granian"), "--interface", "asginl", "--port", str(port), "--no-ws", "--log-level", "warning"]
    process = subprocess.Popen([*command, "access_portal.asgi:application"], cwd=ROOT, env=env)
    _wait_for_port(port, process, "granian")
    yield endpoint
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def transactional_db(
    hub_server: str, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Committed once for a module, since another process serves it, and emptied when the module is done.

    It has the name of pytest-django's fixture, which does the same once for a test, so that these tests run late.
    """
    with django_db_blocker.unblock():
        try:
            yield build(hub_server, tmp_path_factory.mktemp("world"))
        finally:
            call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
            connection.close()


@pytest.fixture(scope="module")
def world(transactional_db: World) -> World:
    return transactional_db


@pytest.fixture
def api(world: World) -> Callable[[str | None], HfApi]:
    """The stock client with the token of one of the people, or with none."""

    def client(name: str | None) -> HfApi:
        return HfApi(endpoint=world.endpoint, token=world.tokens[name] if name else False)

    return client


@pytest.fixture
def hf(world: World, tmp_path: Path) -> Hf:
    """The stock command line in a home of its own: `hf("ada", "download", ...)`."""

    def run(name: str | None, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = client_environment(world, name, tmp_path / "home") | more
        command = [str(BIN / "hf"), *words]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    return run


def client_environment(world: World, name: str | None, home: Path) -> dict[str, str]:
    """All that a person sets, and what keeps a client from asking the rest of the Internet."""
    token = {"HF_TOKEN": world.tokens[name]} if name else {}
    return {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": world.endpoint,
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "DISABLE_SAFETENSORS_CONVERSION": "1",
        **token,
    }
