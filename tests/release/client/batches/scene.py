"""The batch commands of a person; a worker's part is done by `done`."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from inference_worker import finishing, validation
from inference_worker.models import Batch, StoredFile
from release.storage import jobs_store
from tests.inference_worker import web
from tests.release.client.commands import Run, told

ROOT = Path(__file__).resolve().parents[4]
IN = "in.jsonl"


def begin(run: Run, *words: str) -> str:
    result = run("submit", IN, *words, "--json")
    assert result.exit_code == 0, result.output
    return str(told(result)["batch"]["id"])


def done(batch_id: str) -> Batch:
    """What validation, worker and finaliser make of it."""
    validation.validate_batch(batch_id, timezone.now())
    batch = Batch.objects.get(pk=batch_id)
    if batch.release is not None:
        web.work(batch.release.variant.model_id)
        finishing.advance(batch_id, timezone.now())
    batch.refresh_from_db()
    return batch


def kept(file: StoredFile | None) -> bytes:
    assert file is not None
    return jobs_store().read(file.storage_key)
