"""The stock `openai` client, unmodified, against the running site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from inference_worker import finishing, validation
from inference_worker.models import Batch
from release.models import Release
from tests import factories

from . import web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server", "s3_server")]


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


def client(live_server: Any, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{live_server.url}/v1", api_key=key, max_retries=0, timeout=60)


@pytest.fixture
def sdk(live_server: Any, ada: User) -> openai.OpenAI:
    return client(live_server, web.token(ada))


def order(sdk: openai.OpenAI, file_id: str, **changes: Any) -> Any:
    return sdk.batches.create(input_file_id=file_id, endpoint="/v1/completions", completion_window="24h", **changes)


def test_a_batch_from_the_upload_to_the_results(sdk: openai.OpenAI, tiny_release: Release, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(web.jsonl(*(web.request_line(tiny_release, f"a{number}") for number in range(3))))
    file = sdk.files.create(file=path.open("rb"), purpose="batch")
    assert sdk.files.wait_for_processing(file.id).filename == "in.jsonl"
    batch = order(sdk, file.id, metadata={"run": "7"})
    validation.validate_batch(batch.id, timezone.now())
    assert sdk.batches.retrieve(batch.id).status == "in_progress"
    web.work(tiny_release.variant.model_id)
    finishing.advance(batch.id, timezone.now())
    done = sdk.batches.retrieve(batch.id)
    assert (done.status, done.metadata, done.request_counts.completed) == ("completed", {"run": "7"}, 3)
    assert len(sdk.files.content(done.output_file_id).text.splitlines()) == 3
    assert done._request_id.startswith("req_")
    assert [model.id for model in sdk.models.list()] == [tiny_release.variant.model_id]
    assert sdk.models.retrieve(tiny_release.variant.model_id).max_model_len > 0  # type: ignore[attr-defined]


def test_lists_are_walked_to_their_end_even_while_deleting(sdk: openai.OpenAI) -> None:
    created = [sdk.files.create(file=(f"{number}.jsonl", b"{}\n"), purpose="batch") for number in range(5)]
    batches = {order(sdk, created[0].id).id for _ in range(3)}
    assert {batch.id for batch in sdk.batches.list(limit=2)} == batches
    deleted = [sdk.files.delete(file.id).deleted for file in sdk.files.list(limit=2) if file.id != created[0].id]
    assert deleted == [True] * 4
    with pytest.raises(openai.ConflictError) as conflict:
        sdk.files.delete(created[0].id)
    assert conflict.value.code == "file_in_use"


def test_a_batch_is_cancelled(sdk: openai.OpenAI) -> None:
    file = sdk.files.create(
        file=("a.jsonl", b"{}\n"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert file.expires_at == file.created_at + 3600
    batch = sdk.batches.cancel(order(sdk, file.id).id)
    assert batch.status == "cancelling"
    finishing.advance(batch.id, timezone.now())
    assert sdk.batches.cancel(batch.id).status == "cancelled"


def test_a_key_makes_one_batch_of_two_requests(sdk: openai.OpenAI) -> None:
    file = sdk.files.create(file=("a.jsonl", b"{}\n"), purpose="batch")
    ids = {order(sdk, file.id, extra_headers={"Idempotency-Key": "k1"}).id for _ in range(2)}
    assert len(ids) == Batch.objects.count() == 1


def test_faults_raise_the_classes_that_the_client_documents(
    sdk: openai.OpenAI, live_server: Any, settings: Any
) -> None:
    with pytest.raises(openai.AuthenticationError):
        client(live_server, "wrong").models.list()
    with pytest.raises(openai.PermissionDeniedError) as denied:
        client(live_server, web.token(factories.make_user("cy"))).files.list()
    assert denied.value.code == "access_not_approved"
    with pytest.raises(openai.NotFoundError):
        sdk.batches.retrieve("batch_missing")
    with pytest.raises(openai.BadRequestError) as bad:
        sdk.batches.list(after="batch_missing")
    assert (bad.value.param, bad.value.type) == ("after", "invalid_request_error")
    assert bad.value.request_id is not None
    settings.MAX_FILE_BYTES = 10
    with pytest.raises(openai.APIStatusError) as large:
        sdk.files.create(file=("a.jsonl", b"x" * 200_000), purpose="batch")
    assert (large.value.status_code, large.value.code) == (413, "file_too_large")


def test_a_spent_quota_is_not_tried_again(sdk: openai.OpenAI, ada: User) -> None:
    file = sdk.files.create(file=("a.jsonl", b"{}\n"), purpose="batch")
    Grant.objects.update(token_quota=0)
    with pytest.raises(openai.RateLimitError) as short:
        order(sdk, file.id)
    assert (short.value.code, short.value.response.headers["x-should-retry"]) == ("insufficient_quota", "false")
