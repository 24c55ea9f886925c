"""Rows and objects of jobs as the web side leaves them for a worker, and short ways to read what came out."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from inference_worker import results
from inference_worker.models import Batch, Chunk, LedgerEntry, QuotaAccount, StoredFile
from inference_worker.results import Line
from release.models import Artifact, Release, Variant
from release.storage import jobs_store, weights_store
from tests import factories

RESERVED = 50_000


def publish(folder: Path, variant: Variant | None = None) -> Release:
    """A published release of a model folder, its bytes in the store."""
    release = factories.make_release(variant, state="staged")
    release.artifacts.all().delete()
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        key = f"{release.variant.hub_repo}/{release.version}/{path.name}"
        weights_store().put_bytes(key, data)
        Artifact.objects.create(
            release=release,
            path=path.name,
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            storage_key=key,
        )
    release.manifest, release.manifest_sha256, release.commit = "{}", "0" * 64, secrets.token_hex(20)
    release.state, release.published_at = Release.State.PUBLISHED, timezone.now()
    release.save()
    return release


def make_holder(release: Release, name: str = "ada") -> Grant:
    """A person with a grant for the release's family."""
    return factories.make_grant(factories.make_user(name), release.variant.family)


def body(release: Release, prompt: str = "It was the best", **options: Any) -> dict[str, Any]:
    return {"model": release.variant.model_id, "prompt": prompt, "max_tokens": 4, "temperature": 0, **options}


def make_batch(
    grant: Grant,
    release: Release,
    chunks: Sequence[Sequence[dict[str, Any]]] = (),
    *,
    stored: bool = True,
    **fields: Any,
) -> Batch:
    """A validated batch: one chunk for each list of bodies, RESERVED tokens held back."""
    now: datetime = fields.pop("now", timezone.now())
    values: dict[str, Any] = {
        "input_file": fields.pop("input_file", None) or make_input(grant.holder),
        "state": Batch.State.IN_PROGRESS,
        "endpoint": "/v1/completions",
        "created_at": now,
        "in_progress_at": now,
        "expires_at": now + timedelta(days=1),
        "total_lines": sum(map(len, chunks)),
    }
    owner = fields.pop("owner", None) or grant.holder
    batch = Batch.objects.create(owner=owner, grant=grant, release=release, **{**values, **fields})
    reserve(batch)
    first = 0
    for index, bodies in enumerate(chunks):
        make_chunk(batch, index, first, bodies, stored=stored)
        first += len(bodies)
    return batch


def make_input(owner: User) -> StoredFile:
    """The row alone: a worker reads the prepared lines, not the upload."""
    key = f"files/{secrets.token_hex(8)}"
    return StoredFile.objects.create(
        owner=owner, purpose="batch", filename="in.jsonl", size_bytes=1, sha256="0" * 64, storage_key=key
    )


def reserve(batch: Batch) -> None:
    assert batch.grant is not None
    account, _ = QuotaAccount.objects.get_or_create(
        grant=batch.grant, defaults={"quota_tokens": batch.grant.token_quota}
    )
    account.reserved_tokens += RESERVED
    account.save()
    LedgerEntry.objects.create(account=account, batch=batch, kind=LedgerEntry.Kind.RESERVE, tokens=RESERVED)


def make_chunk(batch: Batch, index: int, first: int, bodies: Sequence[dict[str, Any]], *, stored: bool = True) -> Chunk:
    key = f"chunks/{batch.pk}/{index}.jsonl"
    if stored:
        results.write_lines(
            key,
            [
                Line(id=f"batch_req_{batch.pk[6:]}{number}", custom_id=f"line-{number}", body=content)
                for number, content in enumerate(bodies, start=first)
            ],
        )
    return Chunk.objects.create(
        batch=batch, index=index, lines_key=key, line_count=len(bodies), cost_tokens=100 * len(bodies)
    )


def output(batch: Batch) -> list[dict[str, Any]]:
    return _lines(Batch.objects.get(pk=batch.pk).output_file)


def errors(batch: Batch) -> list[dict[str, Any]]:
    return _lines(Batch.objects.get(pk=batch.pk).error_file)


def custom_ids(lines: list[dict[str, Any]]) -> list[str]:
    return [line["custom_id"] for line in lines]


def charged(batch: Batch) -> int:
    return LedgerEntry.objects.get(batch=batch, kind=LedgerEntry.Kind.CLOSE).tokens


def used(lines: list[dict[str, Any]]) -> int:
    return sum(line["response"]["body"]["usage"]["total_tokens"] for line in lines)


def _lines(file: StoredFile | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    data = jobs_store().read(file.storage_key)
    assert hashlib.sha256(data).hexdigest() == file.sha256
    return [json.loads(line) for line in data.splitlines()]
