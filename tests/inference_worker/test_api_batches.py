"""Batches: submitted once, read, listed and cancelled; their shapes to the letter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.grants.models import Grant
from inference_worker import finishing, validation
from inference_worker.models import Batch, IdempotencyKey
from release.models import Release

from . import jobs, web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "s3_server")]

TIMES = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


@pytest.fixture
def caller(ada: User) -> Client:
    return web.client(ada)


def submit(caller: Client, file_id: str, key: str | None = None, **changes: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return caller.post("/v1/batches", web.order(file_id, **changes), web.JSON, headers=headers)


def test_a_new_batch_has_the_shape_of_the_api(ada: User, caller: Client) -> None:
    file = web.stored(ada, b"{}\n")
    batch = submit(caller, file.pk, metadata={"run": "7"}).json()
    assert batch == {
        "id": batch["id"],
        "object": "batch",
        "endpoint": "/v1/completions",
        "model": None,
        "errors": None,
        "input_file_id": file.pk,
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": batch["created_at"],
        "expires_at": batch["created_at"] + 86_400,
        **{f"{name}_at": None for name in TIMES},
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": {
            "input_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0,
        },
        "metadata": {"run": "7"},
    }
    assert caller.get(f"/v1/batches/{batch['id']}").json() == batch
    assert Event.objects.filter(subject=f"batch:{batch['id']}", name="batch.created", actor=ada).exists()


def test_a_batch_goes_from_submission_to_results(ada: User, caller: Client, tiny_release: Release) -> None:
    body = web.request_line(tiny_release, "b")["body"] | {"n": 99}
    data = web.jsonl(web.request_line(tiny_release, "a"), web.request_line(tiny_release, "b", body=body))
    batch_id = submit(caller, web.stored(ada, data).pk).json()["id"]
    validation.validate_batch(batch_id, timezone.now())
    assert caller.get(f"/v1/batches/{batch_id}").json()["request_counts"] == {"total": 2, "completed": 0, "failed": 1}
    web.work(tiny_release.variant.model_id)
    finishing.advance(batch_id, timezone.now())
    done = caller.get(f"/v1/batches/{batch_id}").json()
    row = Batch.objects.get()
    assert (done["status"], done["model"]) == ("completed", tiny_release.variant.model_id)
    assert done["request_counts"] == {"total": 2, "completed": 1, "failed": 1}
    assert done["usage"]["total_tokens"] == jobs.used(jobs.output(row)) == jobs.charged(row) > 0
    for kind, custom_id in (("output", "a"), ("error", "b")):
        content = caller.get(f"/v1/files/{done[f'{kind}_file_id']}/content")
        assert f'"custom_id":"{custom_id}"'.encode() in b"".join(content.streaming_content)  # type: ignore[attr-defined]


def test_faults_of_a_failed_batch_are_a_list(ada: User, caller: Client) -> None:
    batch = web.validated(ada, b"hello\n")
    found = caller.get(f"/v1/batches/{batch.pk}").json()
    assert found["errors"]["object"] == "list"
    assert [set(fault) for fault in found["errors"]["data"]] == [{"code", "message", "param", "line"}]
    assert (found["status"], found["failed_at"] is not None) == ("failed", True)


@pytest.mark.parametrize(
    ("changes", "status", "code", "param"),
    [
        ({"input_file_id": None}, 400, "missing_required_parameter", "input_file_id"),
        ({"input_file_id": 7}, 400, "invalid_type", "input_file_id"),
        ({"input_file_id": "file-missing"}, 404, "file_not_found", None),
        ({"input_file_id": "a\0b"}, 404, "file_not_found", None),
        ({"endpoint": None}, 400, "missing_required_parameter", "endpoint"),
        ({"endpoint": "/v1/chat/completions"}, 400, "invalid_value", "endpoint"),
        ({"completion_window": "1h"}, 400, "invalid_value", "completion_window"),
        ({"completion_window": 24}, 400, "invalid_type", "completion_window"),
        ({"metadata": "run"}, 400, "invalid_type", "metadata"),
        ({"metadata": {"run": 7}}, 400, "invalid_type", "metadata"),
        ({"metadata": {f"k{n}": "v" for n in range(17)}}, 400, "invalid_value", "metadata"),
        ({"metadata": {"k" * 65: "v"}}, 400, "invalid_value", "metadata"),
        ({"metadata": {"k": "v" * 513}}, 400, "invalid_value", "metadata"),
        ({"metadata": {"k": "\0"}}, 400, "invalid_value", "metadata"),
        ({"metadata": {"k": "\ud800"}}, 400, "invalid_value", "metadata"),
        ({"output_expires_after": {"anchor": "created_at"}}, 400, "unsupported_parameter", "output_expires_after"),
        ({"priority": "high"}, 400, "unknown_parameter", "priority"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_faulty_order_makes_no_batch(
    ada: User, caller: Client, changes: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    response = submit(caller, web.stored(ada, b"{}\n").pk, **changes)
    assert web.error(response) == (status, code)
    assert response.json()["error"]["param"] == param
    assert not Batch.objects.exists()


@pytest.mark.parametrize("metadata", [None, {}, {f"{'k' * 60}{n}": "v" * 512 for n in range(10, 26)}])
def test_metadata_up_to_its_limits_is_kept(ada: User, caller: Client, metadata: dict[str, str] | None) -> None:
    batch = submit(caller, web.stored(ada, b"{}\n").pk, metadata=metadata).json()
    assert caller.get(f"/v1/batches/{batch['id']}").json()["metadata"] == metadata


def test_results_cannot_be_an_input(ada: User, caller: Client) -> None:
    file = web.stored(ada, b"{}\n", purpose="batch_output")
    assert web.error(submit(caller, file.pk)) == (400, "invalid_value")


def test_without_quota_no_batch_is_made(ada: User, caller: Client) -> None:
    Grant.objects.update(token_quota=0)
    response = submit(caller, web.stored(ada, b"{}\n").pk)
    assert web.error(response) == (429, "insufficient_quota")
    assert response.json()["error"]["type"] == "insufficient_quota"
    assert (response["x-should-retry"], response["x-ratelimit-remaining-tokens"]) == ("false", "0")
    assert not Batch.objects.exists()


def test_the_same_key_and_body_is_the_same_batch(ada: User, caller: Client) -> None:
    file = web.stored(ada, b"{}\n")
    first, second = (submit(caller, file.pk, key="k1") for _ in range(2))
    assert first.json() == second.json()
    assert (first.get("idempotent-replayed"), second.get("idempotent-replayed")) == (None, "true")
    Grant.objects.update(token_quota=0)
    Batch.objects.update(state="failed")
    assert submit(caller, file.pk, key="k1").json()["status"] == "failed"
    assert Batch.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(ada: User, caller: Client) -> None:
    file = web.stored(ada, b"{}\n")
    submit(caller, file.pk, key="k1")
    assert web.error(submit(caller, file.pk, key="k1", metadata={"a": "b"})) == (400, "idempotency_key_reuse")
    assert submit(caller, file.pk, key="k2").status_code == 200
    assert submit(caller, file.pk).status_code == 200
    assert Batch.objects.count() == 3


def test_a_refused_order_does_not_use_its_key_up(ada: User, caller: Client) -> None:
    assert submit(caller, "file-missing", key="k1").status_code == 404
    assert not IdempotencyKey.objects.exists()
    assert submit(caller, web.stored(ada, b"{}\n").pk, key="k1").status_code == 200


def test_another_persons_key_is_another_key(ada: User, caller: Client, tiny_release: Release) -> None:
    cy = web.holder_of(tiny_release, "cy").holder
    assert submit(caller, web.stored(ada, b"{}\n").pk, key="k1").status_code == 200
    assert submit(web.client(cy), web.stored(cy, b"{}\n").pk, key="k1").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\x7fb"])
def test_a_key_that_cannot_be_kept_is_refused(ada: User, caller: Client, key: str) -> None:
    assert web.error(submit(caller, web.stored(ada, b"{}\n").pk, key=key)) == (400, "invalid_value")


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_many_times_at_once_makes_one_batch(ada: User) -> None:
    file, secret, barrier = web.stored(ada, b"{}\n"), web.token(ada), Barrier(6)

    def send(_number: int) -> tuple[int, str]:
        barrier.wait()
        try:
            response = submit(Client(headers={"Authorization": f"Bearer {secret}"}), file.pk, key="k1")
            return response.status_code, response.json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(send, range(6)))
    assert len(answers) == 1
    assert {status for status, _ in answers} == {200}
    assert Batch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_batch_is_made_of_a_file_that_is_being_deleted(ada: User) -> None:
    headers = {"Authorization": f"Bearer {web.token(ada)}"}
    files = [web.stored(ada, b"{}\n") for _ in range(12)]

    def race(number: int) -> int:
        file_id = files[number // 2].pk
        try:
            caller = Client(headers=headers)
            return int((submit(caller, file_id) if number % 2 else caller.delete(f"/v1/files/{file_id}")).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(race, range(24)))
    pairs = set(zip(answers[::2], answers[1::2], strict=True))  # deleted, then not found; or in use, since submitted
    assert pairs <= {(200, 404), (409, 200)}


@pytest.mark.parametrize(
    ("state", "status", "after"),
    [
        ("validating", 200, "cancelling"),
        ("in_progress", 200, "cancelling"),
        ("cancelling", 200, "cancelling"),
        ("cancelled", 200, "cancelled"),
        ("finalizing", 409, "finalizing"),
        ("completed", 409, "completed"),
        ("failed", 409, "failed"),
        ("expired", 409, "expired"),
    ],
)
def test_cancelling_depends_on_the_state(ada: User, caller: Client, state: str, status: int, after: str) -> None:
    batch = web.submitted(ada, b"{}\n")
    Batch.objects.update(state=state)
    response = caller.post(f"/v1/batches/{batch.pk}/cancel")
    assert (response.status_code, Batch.objects.get().state) == (status, after)
    if status == 200:
        assert response.json()["status"] == after
    else:
        assert web.error(response) == (409, "batch_not_cancellable")
        assert response["x-should-retry"] == "false"


def test_cancelling_twice_keeps_the_first_time(ada: User, caller: Client) -> None:
    batch = web.submitted(ada, b"{}\n")
    answers = [caller.post(f"/v1/batches/{batch.pk}/cancel").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Event.objects.filter(subject=f"batch:{batch.pk}", name="batch.cancelling").count() == 1


def test_a_cancelled_batch_is_charged_for_nothing_that_did_not_run(
    ada: User, caller: Client, tiny_release: Release
) -> None:
    batch = web.validated(ada, web.jsonl(web.request_line(tiny_release, "a")))
    caller.post(f"/v1/batches/{batch.pk}/cancel")
    finishing.advance(batch.pk, timezone.now())
    assert caller.get(f"/v1/batches/{batch.pk}").json()["status"] == "cancelled"
    assert (jobs.charged(batch), Grant.objects.get().quota_account.reserved_tokens) == (0, 0)


def test_batches_are_listed_in_pages(ada: User, caller: Client) -> None:
    expected = {web.submitted(ada, b"{}\n").pk for _ in range(5)}
    seen: list[str] = []
    after, more = "", True
    while more:
        page = caller.get(f"/v1/batches?limit=2{after}").json()
        seen += [batch["id"] for batch in page["data"]]
        more, after = page["has_more"], f"&after={page['last_id']}"
    assert (len(seen), set(seen)) == (5, expected)
    assert len(caller.get("/v1/batches").json()["data"]) == 5


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=batch_missing", "after=%00"])
def test_a_faulty_query_is_refused(caller: Client, query: str) -> None:
    assert web.error(caller.get(f"/v1/batches?{query}")) == (400, "invalid_value")
