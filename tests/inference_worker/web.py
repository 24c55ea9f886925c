"""Short ways for tests to be a client of the API, and to do the worker's part where a test wants results."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.accounts.tokens import issue_token
from access_portal.grants.models import Grant
from inference_worker import leases, runner, validation
from inference_worker.models import Batch, StoredFile, new_file_id
from release.models import Release
from release.storage import jobs_store
from tests import factories

JSON = "application/json"


def token(user: User, *scopes: str) -> str:
    return issue_token(actor=user, name="test", scopes=scopes or ["jobs"], days=30, now=timezone.now())[1]


def client(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {token(user)}"}, raise_request_exception=False)


def request_line(release: Release, custom_id: str, **changes: Any) -> dict[str, Any]:
    body = {"model": release.variant.model_id, "prompt": "Call me", "max_tokens": 3, "temperature": 0}
    envelope = {"custom_id": custom_id, "method": "POST", "url": "/v1/completions", "body": body}
    return {**envelope, **changes}


def jsonl(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def stored(owner: User, data: bytes, **fields: Any) -> StoredFile:
    """An uploaded file, its bytes in the store."""
    file_id = new_file_id()
    jobs_store().put_bytes(f"files/{file_id}", data)
    now = timezone.now()
    values = {"purpose": "batch", "filename": "in.jsonl", "created_at": now, "expires_at": now + timedelta(days=1)}
    return StoredFile.objects.create(
        id=file_id,
        owner=owner,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        storage_key=f"files/{file_id}",
        **{**values, **fields},
    )


def submitted(owner: User, data: bytes) -> Batch:
    """A batch in `validating` of these bytes."""
    now = timezone.now()
    return Batch.objects.create(
        owner=owner,
        endpoint="/v1/completions",
        input_file=stored(owner, data),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )


def validated(owner: User, data: bytes) -> Batch:
    batch = submitted(owner, data)
    validation.validate_batch(batch.pk, timezone.now())
    batch.refresh_from_db()
    return batch


def upload(caller: Client, data: bytes, purpose: str = "batch", name: str = "in.jsonl", **fields: Any) -> Any:
    file = SimpleUploadedFile(name, data)
    return caller.post("/v1/files", {"purpose": purpose, "file": file, **fields})


def order(file_id: str, **changes: Any) -> dict[str, Any]:
    return {"input_file_id": file_id, "endpoint": "/v1/completions", "completion_window": "24h", **changes}


def work(model_id: str) -> int:
    """Run every chunk that is ready, as a worker would; returns how many."""
    count = 0
    while (chunk := leases.claim(owner="test", model_ids=[model_id], now=timezone.now())) is not None:
        runner.run(chunk)
        count += 1
    return count


def error(response: Any) -> tuple[int, str]:
    content = response.json()["error"]
    assert set(content) == {"message", "type", "param", "code"}
    return response.status_code, content["code"]


def holder_of(release: Release, name: str = "ada", **fields: Any) -> Grant:
    return factories.make_grant(factories.make_user(name), release.variant.family, **fields)
