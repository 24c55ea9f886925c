"""Completions that somebody waits for: the stock client gets its answer from a worker, or an error it understands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import openai
import pytest
import redis
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.asgi import application
from access_portal.grants.models import Grant
from inference_worker import hints, interactive, leases, ledger, tasks
from inference_worker.models import Batch, IdempotencyKey, LedgerEntry, StoredFile
from release.models import Release
from tests import factories

from . import jobs, web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server", "s3_server")]

PROMPT = {"prompt": "Call me", "max_tokens": 5, "temperature": 0}


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


@pytest.fixture
def caller(ada: User) -> Client:
    return web.client(ada)


@pytest.fixture
def worker(tiny_release: Release, redis_server: redis.Redis) -> Iterator[None]:
    """A thread that runs the task whenever the bell rings, until it is told to go home."""
    redis_server.flushall()
    queue = hints.model_queue(tiny_release.variant.model_id)

    def work() -> None:
        try:
            while (message := redis_server.blpop([queue], timeout=30)) and b"home" not in message[1]:  # type: ignore[misc, index]
                tasks.run_chunks(tiny_release.variant.model_id)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    yield
    redis_server.lpush(queue, "home")
    thread.join()


@pytest.fixture
def sdk(live_server: Any, ada: User) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{live_server.url}/v1", api_key=web.token(ada), max_retries=0, timeout=60)


def ask(caller: Client, release: Release, key: str | None = None, **fields: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"model": release.variant.model_id, **PROMPT, **fields}
    return caller.post("/v1/completions", body, web.JSON, headers=headers)


@pytest.mark.usefixtures("worker")
def test_the_stock_client_gets_its_completion(sdk: openai.OpenAI, tiny_release: Release) -> None:
    answer = sdk.completions.create(
        model=tiny_release.variant.model_id, prompt=["Call me", "It was"], max_tokens=4, n=2
    )
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert answer.id.startswith("cmpl-")
    assert answer._request_id.startswith("req_")
    batch = Batch.objects.get()
    assert answer.usage.total_tokens == ledger.charged(batch)
    assert (batch.lane, batch.state) == ("interactive", "completed")


def test_the_same_request_is_answered_as_in_a_batch(ada: User, tiny_release: Release) -> None:
    body = {"model": tiny_release.variant.model_id, "prompt": "Call me", "max_tokens": 6, "seed": 5, "logprobs": 2}
    alone = interactive.start(actor=ada, body=body, promise=None, now=timezone.now()).batch
    batch = web.validated(ada, web.jsonl(web.request_line(tiny_release, "a", body=body)))
    assert web.work(tiny_release.variant.model_id) == 2
    [line] = jobs.output(batch)
    answer = interactive.answer(alone.pk)
    assert answer.status == 200
    assert {k: answer.body[k] for k in ("choices", "usage")} == {
        k: line["response"]["body"][k] for k in ("choices", "usage")
    }


@pytest.mark.usefixtures("worker")
def test_a_stream_spells_the_same_text(sdk: openai.OpenAI, tiny_release: Release) -> None:
    body: dict[str, Any] = {"model": tiny_release.variant.model_id, **PROMPT, "n": 2}
    plain = sdk.completions.create(**body)
    events = list(sdk.completions.create(**body, stream=True, stream_options={"include_usage": True}))
    *parts, last = events
    texts = ["".join(c.text for part in parts for c in part.choices if c.index == index) for index in range(2)]
    assert texts == [choice.text for choice in plain.choices]
    assert (last.choices, last.usage) == ([], plain.usage)
    assert {part.usage for part in parts} == {None}


@pytest.mark.usefixtures("worker")
def test_a_stream_has_the_form_of_server_sent_events(caller: Client, tiny_release: Release) -> None:
    response = ask(caller, tiny_release, stream=True)
    text = b"".join(response.streaming_content).decode()
    assert (response["Content-Type"], response["Cache-Control"]) == ("text/event-stream", "no-cache")
    assert response["X-Accel-Buffering"] == "no"
    assert text.endswith("\n\ndata: [DONE]\n\n")
    assert "usage" not in json.loads(text.split("\n\n")[0].removeprefix("data: "))


@pytest.mark.usefixtures("worker")
def test_a_repeated_key_gets_the_same_answer_and_is_charged_once(caller: Client, tiny_release: Release) -> None:
    first, second = (ask(caller, tiny_release, key="k1", temperature=1) for _ in range(2))
    assert first.json() == second.json()
    assert (first.get("idempotent-replayed"), second.get("idempotent-replayed")) == (None, "true")
    assert LedgerEntry.objects.filter(kind="close").count() == 1
    assert web.error(ask(caller, tiny_release, key="k1")) == (400, "idempotency_key_reuse")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"model": None}, 400, "missing_required_parameter"),
        ({"model": "missing", "prompt": 7}, 404, "model_not_found"),
        ({"model": "a\0"}, 404, "model_not_found"),
        ({"prompt": 7, "max_tokens": 10**6}, 400, "invalid_type"),
        ({"max_tokens": 10**6}, 400, "context_length_exceeded"),
        ({"min_p": 0.1}, 400, "unknown_parameter"),
        ({"stream": True, "temperature": 9}, 400, "invalid_value"),
    ],
)
def test_a_refused_request_makes_nothing(
    caller: Client, tiny_release: Release, fields: dict[str, Any], status: int, code: str
) -> None:
    assert web.error(ask(caller, tiny_release, **fields)) == (status, code)
    assert (Batch.objects.count(), StoredFile.objects.count(), LedgerEntry.objects.count()) == (0, 0, 0)


def test_a_model_without_a_grant_is_denied_with_the_reason(caller: Client) -> None:
    other = factories.make_release(factories.make_variant(factories.make_family("other")))
    response = ask(caller, other)
    assert web.error(response) == (403, "model_access_denied")
    assert "You have no licence for Other" in response.json()["error"]["message"]


def test_a_request_beyond_the_quota_is_refused_and_charged_nothing(caller: Client, tiny_release: Release) -> None:
    Grant.objects.update(token_quota=6)
    response = ask(caller, tiny_release)
    assert web.error(response) == (429, "insufficient_quota")
    assert (response["x-should-retry"], response["x-ratelimit-remaining-tokens"]) == ("false", "6")
    assert not Batch.objects.exists()


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_worker_the_work_is_called_off(
    caller: Client, tiny_release: Release, settings: Any, stream: bool
) -> None:
    settings.COMPLETION_WAIT_SECONDS = 0
    response = ask(caller, tiny_release, key="k1", stream=stream)
    if stream:
        error = json.loads(b"".join(response.streaming_content).removeprefix(b"data: "))["error"]
        assert (response.status_code, error["code"]) == (200, "worker_unavailable")
    else:
        assert web.error(response) == (503, "worker_unavailable")
        assert response["Retry-After"] == "10"
    assert Batch.objects.get().state == "cancelling"
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("internal_error", 500, "internal_error"),
        ("batch_cancelled", 503, "worker_unavailable"),
        ("batch_expired", 503, "worker_unavailable"),
        ("grant_revoked", 403, "access_not_approved"),
    ],
)
def test_a_line_that_did_not_run_becomes_an_error(
    ada: User, tiny_release: Release, code: str, status: int, told: str
) -> None:
    line = {"id": "batch_req_a", "custom_id": "a", "response": None, "error": {"code": code, "message": "m"}}
    batch = web.submitted(ada, b"")
    Batch.objects.update(state="completed", error_file=web.stored(ada, json.dumps(line).encode()))
    found = interactive.answer(batch.pk)
    assert (found.status, found.code) == (status, told)


def scope(user: User, method: str, path: str, **headers: str) -> dict[str, Any]:
    given = {"host": "testserver", "authorization": f"Bearer {web.token(user)}", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    http = {"type": "http", "http_version": "1.1", "query_string": b""}
    return {**http, "method": method, "path": path, "headers": pairs}


async def talk(scope: dict[str, Any], *bodies: bytes) -> tuple[int, list[bytes]]:
    """Send a request in pieces over ASGI and take the answer as it comes."""
    client = ApplicationCommunicator(application, scope)
    for body in bodies:
        await client.send_input({"type": "http.request", "body": body, "more_body": True})
    await client.send_input({"type": "http.request"})
    start = await client.receive_output(30)
    pieces, more = [], True
    while more:
        message = await client.receive_output(30)
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    await client.wait(30)
    return start["status"], pieces


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_frees_its_place(
    ada: User, tiny_release: Release, redis_server: redis.Redis, stream: bool
) -> None:
    redis_server.flushall()
    model_id = tiny_release.variant.model_id
    content = json.dumps({"model": model_id, **PROMPT, "stream": stream}).encode()

    asked = scope(ada, "POST", "/v1/completions", content_length=str(len(content)))

    async def hang_up() -> None:
        client = ApplicationCommunicator(application, asked)
        await client.send_input({"type": "http.request", "body": content})
        assert await asyncio.to_thread(redis_server.blpop, [hints.model_queue(model_id)], 30)
        await client.send_input({"type": "http.disconnect"})
        await client.wait(30)

    asyncio.run(hang_up())
    assert Batch.objects.get().state == "cancelling"
    assert leases.claim(owner="w", model_ids=[model_id], now=timezone.now()) is None


@pytest.mark.usefixtures("worker")
def test_a_completion_is_answered_over_asgi(ada: User, tiny_release: Release) -> None:
    content = json.dumps({"model": tiny_release.variant.model_id, **PROMPT, "stream": True}).encode()
    asked = scope(ada, "POST", "/v1/completions", content_length=str(len(content)), cookie="sessionid=x")
    status, pieces = asyncio.run(talk(asked, content))
    assert (status, pieces[-2]) == (200, b"data: [DONE]\n\n")


def test_a_file_is_streamed_over_asgi_too(ada: User) -> None:
    file = web.stored(ada, data := b"x" * 3_000_000)
    status, pieces = asyncio.run(talk(scope(ada, "GET", f"/v1/files/{file.pk}/content")))
    assert (status, b"".join(pieces) == data, len(pieces) > 2) == (200, True, True)


def test_a_body_without_an_end_is_not_kept(ada: User, settings: Any) -> None:
    settings.MAX_FILE_BYTES = 1_000
    asked = scope(ada, "POST", "/v1/files", content_type="multipart/form-data; boundary=b", content_length="9000000")
    status, pieces = asyncio.run(talk(asked, *[b"x" * 1_000_000] * 9))
    assert (status, json.loads(b"".join(pieces))["error"]["code"]) == (413, "file_too_large")


def test_a_json_body_without_a_length_is_measured_all_the_same(ada: User) -> None:
    status, pieces = asyncio.run(talk(scope(ada, "POST", "/v1/completions"), *[b"x" * 1_000_000] * 3))
    assert (status, json.loads(b"".join(pieces))["error"]["code"]) == (413, "request_too_large")
