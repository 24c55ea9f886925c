"""A completion that somebody waits for: a batch of one line in a lane of its own, under the same policy and ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants import policy
from access_portal.grants.models import Grant
from inference_worker import completions, hints, idempotency, ledger, model_folder, queries, results
from inference_worker.chunking import chunk_key, line_id
from inference_worker.commands import ENDPOINT, call_off
from inference_worker.completions import CompletionCall
from inference_worker.idempotency import Promise
from inference_worker.models import Batch, Chunk, IdempotencyKey, StoredFile, new_batch_id
from inference_worker.results import Line
from release.models import Release
from release.queries import policy_model
from release.storage import jobs_store


@dataclass(frozen=True)
class Started:
    """A request under way; `replayed` when an earlier one with the same promise began it."""

    batch: Batch
    call: CompletionCall
    replayed: bool = False


@dataclass(frozen=True)
class Answer:
    """The completion (200), or why there is none: `code` and `message`."""

    status: int
    body: dict[str, Any]
    code: str = ""
    message: str = ""


def start(*, actor: User, body: object, promise: Promise | None, now: datetime) -> Started:
    """Check, reserve and queue a completion.

    Raises BodyError, ModelNotFoundError, PermissionRefusedError, ModelFilesError, IdempotencyReuseError,
    QuotaShortError.
    """
    release = queries.model_release(completions.model_of(body))
    grant = policy.require(actor, policy.Action.INFER, policy_model(release), now).grant
    assert grant is not None
    assert isinstance(body, dict)
    tokenizer, config = model_folder.tokenizer(release)
    call = completions.parse(body, tokenizer=tokenizer, context_tokens=config.context_tokens)
    earlier = idempotency.find(owner=actor, promise=promise) if promise else None
    if earlier is None:
        try:
            return Started(_queue(actor, grant, release, body, call, promise, now), call)
        except IntegrityError:  # a request with the same key came in between
            earlier = idempotency.find(owner=actor, promise=promise) if promise else None
            if earlier is None:
                raise
    return Started(earlier, call, replayed=True)


def is_over(batch_id: str) -> bool:
    """Whether there is an answer; asked often, so it reads one column."""
    return Batch.objects.get(pk=batch_id).is_terminal


def answer(batch_id: str) -> Answer:
    """The answer of a request that is over."""
    batch = Batch.objects.select_related("output_file", "error_file").get(pk=batch_id)
    file = batch.output_file or batch.error_file
    if file is None:
        return Answer(503, {}, "worker_unavailable", "The request was called off before it ran.")
    line = json.loads(jobs_store().read(file.storage_key))
    if line["response"] is not None:
        return Answer(line["response"]["status_code"], line["response"]["body"])
    return _not_run(line["error"]["code"], line["error"]["message"])


def abandon(*, batch: Batch, actor: User, now: datetime) -> None:
    """Nobody waits any more: stop the work, and let the same key be tried again; nothing if it is over."""
    if call_off(batch, actor=actor, now=now):
        IdempotencyKey.objects.filter(batch=batch).delete()


def _not_run(code: str, message: str) -> Answer:
    if code == "internal_error":
        return Answer(500, {}, code, message)
    if code in {"batch_cancelled", "batch_expired"}:
        return Answer(503, {}, "worker_unavailable", "The request was called off before it ran.")
    return Answer(403, {}, "access_not_approved", message)  # the access policy stopped it


def _queue(
    actor: User,
    grant: Grant,
    release: Release,
    body: dict[str, Any],
    call: CompletionCall,
    promise: Promise | None,
    now: datetime,
) -> Batch:
    batch_id = new_batch_id()
    key = chunk_key(batch_id, 0)
    results.write_lines(key, [Line(line_id(batch_id, 1), "interactive", body)])
    try:
        with transaction.atomic():
            batch = _make_batch(batch_id, actor, grant, release, now)
            ledger.reserve(batch=batch, grant=grant, tokens=call.worst_case_tokens, now=now)
            Chunk.objects.create(batch=batch, index=0, lines_key=key, line_count=1, cost_tokens=call.worst_case_tokens)
            if promise:
                idempotency.keep(owner=actor, promise=promise, batch=batch, now=now)
            record(f"batch:{batch_id}", "batch.created", actor=actor, now=now, data={"lane": batch.lane})
            hints.wake(release.variant.model_id)
    except BaseException:
        results.delete(key)
        raise
    return batch


def _make_batch(batch_id: str, actor: User, grant: Grant, release: Release, now: datetime) -> Batch:
    """Its input is the chunk's own object, which is swept when the request is over; the row only says so."""
    ends_at = now + timedelta(seconds=settings.COMPLETION_WAIT_SECONDS)
    line = StoredFile.objects.create(
        owner=actor,
        purpose=StoredFile.Purpose.BATCH,
        filename="request.jsonl",
        size_bytes=0,
        sha256="",
        storage_key=chunk_key(batch_id, 0),
        listed=False,
        created_at=now,
        expires_at=ends_at,
    )
    return Batch.objects.create(
        id=batch_id,
        owner=actor,
        grant=grant,
        release=release,
        lane=Batch.Lane.INTERACTIVE,
        endpoint=ENDPOINT,
        completion_window="",
        state=Batch.State.IN_PROGRESS,
        input_file=line,
        total_lines=1,
        created_at=now,
        in_progress_at=now,
        expires_at=ends_at,
    )
