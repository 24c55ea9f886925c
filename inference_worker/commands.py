"""Changes that a person makes: store and delete files, submit and cancel batches."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.errors import InvalidError
from access_portal.grants import policy
from inference_worker import hints, idempotency, queries
from inference_worker.errors import (
    BatchNotCancellableError,
    BatchOrderError,
    FileInUseError,
    StoredFileNotFoundError,
)
from inference_worker.idempotency import Promise
from inference_worker.ledger import QuotaShortError
from inference_worker.models import Batch, StoredFile, new_file_id
from release.errors import StorageError
from release.storage import jobs_store

ENDPOINT = "/v1/completions"
WINDOWS = {"24h": timedelta(hours=24)}
FILES_KEPT = timedelta(days=30)
CONTENT_TYPE = "application/jsonl"
TERMINAL = [Batch.State.COMPLETED, Batch.State.FAILED, Batch.State.CANCELLED, Batch.State.EXPIRED]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Upload:
    """A received file on this machine's disk."""

    path: Path
    filename: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class BatchOrder:
    """What a client wants run."""

    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str] | None


def store_file(*, actor: User, upload: Upload, lifetime: timedelta | None, now: datetime) -> StoredFile:
    """Put an upload into the store; a row is made only for bytes that are there, and no bytes stay without a row."""
    policy.require(actor, policy.Action.USE_INFERENCE, policy.Office(), now)
    file_id = new_file_id()
    key = f"files/{file_id}"
    jobs_store().put_file(key, upload.path, CONTENT_TYPE)
    try:
        with transaction.atomic():
            stored = StoredFile.objects.create(
                id=file_id,
                owner=actor,
                purpose=StoredFile.Purpose.BATCH,
                filename=_plain_name(upload.filename),
                size_bytes=upload.size_bytes,
                sha256=upload.sha256,
                storage_key=key,
                created_at=now,
                expires_at=now + (lifetime or FILES_KEPT),
            )
            record(f"file:{file_id}", "file.stored", actor=actor, now=now, data={"bytes": upload.size_bytes})
    except BaseException:
        jobs_store().delete(key)
        raise
    return stored


def delete_file(*, actor: User, file_id: str, now: datetime) -> None:
    """Leave a tombstone, then delete the bytes; raises StoredFileNotFoundError and FileInUseError."""
    with transaction.atomic():
        stored = _locked_file(actor, file_id, now)
        if stored.batches.exclude(state__in=TERMINAL).exists():
            raise FileInUseError
        StoredFile.objects.filter(pk=stored.pk).update(deleted_at=now)
        record(f"file:{stored.pk}", "file.deleted", actor=actor, now=now)
        transaction.on_commit(partial(_delete_object, stored.storage_key))


def create_batch(*, actor: User, order: BatchOrder, promise: Promise | None, now: datetime) -> tuple[Batch, bool]:
    """A batch in `validating`, and whether it is that of an earlier request with the same promise.

    Raises PermissionRefusedError, IdempotencyReuseError, BatchOrderError, StoredFileNotFoundError, QuotaShortError.
    """
    policy.require(actor, policy.Action.USE_INFERENCE, policy.Office(), now)
    earlier = idempotency.find(owner=actor, promise=promise) if promise else None
    if earlier is not None:
        return earlier, True
    _check_order(order)
    try:
        return _create_batch(actor, order, promise, now), False
    except IntegrityError:  # a request with the same key came in between
        earlier = idempotency.find(owner=actor, promise=promise) if promise else None
        if earlier is None:
            raise
        return earlier, True


def cancel_batch(*, actor: User, batch_id: str, now: datetime) -> Batch:
    """Ask a batch to stop; what has run is kept and charged. Asking twice changes nothing.

    Raises BatchNotFoundError and BatchNotCancellableError.
    """
    batch = queries.get_batch(actor, batch_id)
    if call_off(batch, actor=actor, now=now):
        return queries.get_batch(actor, batch_id)
    batch = queries.get_batch(actor, batch_id)
    if batch.state not in {Batch.State.CANCELLING, Batch.State.CANCELLED}:
        raise BatchNotCancellableError(batch.state)
    return batch


def call_off(batch: Batch, *, actor: User, now: datetime) -> bool:
    """`validating` or `in_progress` to `cancelling`, by compare-and-set; the worker side brings it to its end."""
    with transaction.atomic():
        open_batch = Batch.objects.filter(pk=batch.pk, state__in=[Batch.State.VALIDATING, Batch.State.IN_PROGRESS])
        if not open_batch.update(state=Batch.State.CANCELLING, cancelling_at=now):
            return False
        record(f"batch:{batch.pk}", "batch.cancelling", actor=actor, now=now)
        hints.finish(batch.pk)
    return True


def _create_batch(actor: User, order: BatchOrder, promise: Promise | None, now: datetime) -> Batch:
    with transaction.atomic():
        stored = _locked_file(actor, order.input_file_id, now)
        if stored.purpose != StoredFile.Purpose.BATCH:
            raise BatchOrderError("The input must be a file uploaded with purpose batch.", field="input_file_id")
        if not queries.quota(actor, now).remaining:
            raise QuotaShortError(0, 0)
        batch = Batch.objects.create(
            owner=actor,
            endpoint=order.endpoint,
            completion_window=order.completion_window,
            metadata=order.metadata,
            input_file=stored,
            created_at=now,
            expires_at=now + WINDOWS[order.completion_window],
        )
        if promise:
            idempotency.keep(owner=actor, promise=promise, batch=batch, now=now)
        record(f"batch:{batch.pk}", "batch.created", actor=actor, now=now, data={"input_file": stored.pk})
        hints.validate(batch.pk)
    return batch


def _locked_file(actor: User, file_id: str, now: datetime) -> StoredFile:
    """The row is locked, so that a file is not deleted while a batch is made of it."""
    if not queries.OBJECT_ID.fullmatch(file_id):
        raise StoredFileNotFoundError
    found = queries.visible_files(actor, now).select_for_update().filter(pk=file_id).first()
    if found is None:
        raise StoredFileNotFoundError
    return found


def _check_order(order: BatchOrder) -> None:
    if order.endpoint != ENDPOINT:
        raise BatchOrderError(f"The only endpoint is {ENDPOINT}.", field="endpoint")
    if order.completion_window not in WINDOWS:
        raise BatchOrderError(f"The window must be one of: {', '.join(WINDOWS)}.", field="completion_window")
    if order.metadata is not None:
        _check_metadata(order.metadata)


def _check_metadata(metadata: dict[Any, Any]) -> None:
    if len(metadata) > 16:
        raise BatchOrderError("metadata can have 16 pairs at most.", field="metadata")
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise InvalidError("invalid_type", "Values of metadata must be strings.", field="metadata")
        if len(key) > 64 or len(value) > 512:
            raise BatchOrderError("metadata keys have 64 characters at most, values 512.", field="metadata")
        if not (_storable(key) and _storable(value)):
            raise BatchOrderError("metadata must be text without NUL and lone surrogates.", field="metadata")


def _storable(text: str) -> bool:
    """What PostgreSQL can keep."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _plain_name(filename: str) -> str:
    """A name to show: a file's name is data, never a path, and holds no control characters."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    return shown.strip()[:255] or "upload.jsonl"


def _delete_object(key: str) -> None:
    """The row is the truth: an object that could not be deleted is out of everybody's reach."""
    try:
        jobs_store().delete(key)
    except StorageError as error:
        log.warning("object_not_deleted", key=key, error=error.code)
