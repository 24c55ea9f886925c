"""The API as it is deployed: the real server process, the stock client, a worker in a thread."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import redis

from access_portal.accounts.models import User
from inference_worker.models import Batch
from release.models import Release
from tests.conftest import _wait_for_port

from . import web
from .test_worker_process import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ada(tiny_release: Release, redis_server: redis.Redis) -> User:
    redis_server.flushall()
    return web.holder_of(tiny_release).holder


@pytest.fixture
def sdk(ada: User) -> Iterator[openai.OpenAI]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    granian = Path(sys.executable).with_name("granian")
    command = [granian, "--interface", "asginl", "--port", str(port), "--no-ws", "access_portal.asgi:application"]
    env = {**os.environ, "GATEHOUSE_DATABASE_URL": database_url()}
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    _wait_for_port(port, process, "granian")
    yield openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=web.token(ada), max_retries=2, timeout=60)
    process.terminate()
    process.wait()


def until_state(state: str) -> None:
    deadline = time.monotonic() + 30
    while Batch.objects.filter(state=state).count() != 1:
        assert time.monotonic() < deadline, list(Batch.objects.values_list("state", flat=True))
        time.sleep(0.05)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_gives_up_frees_its_place(sdk: openai.OpenAI, tiny_release: Release, stream: bool) -> None:
    body = json.dumps({"model": tiny_release.variant.model_id, "prompt": "Call me", "stream": stream}).encode()
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {sdk.api_key}\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection((sdk.base_url.host, sdk.base_url.port or 80)) as connection:
        connection.sendall(f"POST /v1/completions HTTP/1.1\r\n{head}\r\n".encode() + body)
        until_state("in_progress")
    until_state("cancelling")


def test_a_file_goes_up_and_comes_back(sdk: openai.OpenAI) -> None:
    data = os.urandom(5_000_000)
    file = sdk.files.create(file=("in.jsonl", data), purpose="batch")
    assert sdk.files.content(file.id).read() == data
    with pytest.raises(openai.NotFoundError) as missing:
        sdk.files.content("file-missing")
    assert missing.value.code == "file_not_found"
