"""Runs one leased chunk: its lines go to the engine, their answers to the store, and the lease is kept meanwhile.

The only importer of the engine itself, and so of torch. Prompts and completions are never logged.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any, cast

import structlog
from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone

from inference_worker import completions, engines, finishing, leases, model_folder, results
from inference_worker.engine.config import DType, EngineConfig, ModelConfig, WeightForm
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import RequestError
from inference_worker.engine.sequence import Completion
from inference_worker.engine.tokenizer import Tokenizer
from inference_worker.engine_thread import EngineThread, EngineUnavailableError
from inference_worker.models import Batch, Chunk
from inference_worker.results import Line
from inference_worker.stopping import Stop, reason_to_stop
from release.errors import StoreUnavailableError
from release.models import Release

INTERNAL_ERROR = "Something failed on our side while this line was run. Send it again in a new batch."

log = structlog.get_logger(__name__)


class LeaseLostError(Exception):
    """Somebody else may be running this chunk: what was computed is to be thrown away."""


@dataclass
class Attempt:
    """The lines of a chunk under way, and what is known of them so far."""

    call: dict[str, completions.CompletionCall] = field(default_factory=dict)
    futures: dict[str, list[Future[Completion]]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)  # lines that were answered without the engine
    output: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def pending(self) -> list[Future[Completion]]:
        return [future for futures in self.futures.values() for future in futures]

    def cancel(self) -> None:
        for future in self.pending:
            future.cancel()


def run(chunk: Chunk, *, clock: Callable[[], datetime] = timezone.now) -> None:
    """Run a chunk that was just leased and close it, then its batch if this was the last one.

    Whatever fails here is the worker's fault and not a line's, so the chunk is handed back. Only a lease that runs out,
    because its worker died or froze, counts against the chunk.
    """
    attempt = Attempt()
    try:
        stop = reason_to_stop(chunk.batch_id, clock())
        lines = results.read_lines(chunk.lines_key)
        if stop is None:
            engine = _submit(attempt, chunk, lines)
            stop = _await(attempt, chunk, engine, clock)
        _collect(attempt, chunk, lines, stop, clock())
        _close(attempt, chunk, stop)
    except LeaseLostError:
        log.warning("lease_lost", batch=chunk.batch_id, chunk=chunk.index, fencing=chunk.fencing)
        return
    except Exception as error:
        leases.release_lease(chunk_id=chunk.pk, fencing=chunk.fencing, now=clock())
        log.warning("chunk_handed_back", batch=chunk.batch_id, chunk=chunk.index, error=type(error).__name__)
        if isinstance(error, EngineUnavailableError | StoreUnavailableError):
            return
        raise
    finally:
        attempt.cancel()
    finishing.advance(chunk.batch_id, clock())


def _submit(attempt: Attempt, chunk: Chunk, lines: list[Line]) -> EngineThread:
    """Give the lines to the engine, which is returned."""
    release = _release(chunk)
    prefetch_related_objects([release], "artifacts")
    tokenizer, config = model_folder.tokenizer(release)
    engine = engines.engine_for(release.commit, lambda: _load(release))
    urgent = chunk.batch.lane == Batch.Lane.INTERACTIVE
    salt = f"user {chunk.batch.owner_id}"  # nobody learns from an answer that came soon what others have asked
    for line in lines:
        call = _parse(attempt, chunk, line, tokenizer, config)
        if call is None:
            continue
        attempt.call[line.id] = call
        requests = [replace(request, cache_salt=salt) for request in call.requests]
        attempt.futures[line.id] = [engine.submit(request, urgent=urgent) for request in requests]
    return engine


def _parse(
    attempt: Attempt, chunk: Chunk, line: Line, tokenizer: Tokenizer, config: ModelConfig
) -> completions.CompletionCall | None:
    """The call, or None with its error line written. Validation has let it pass, so a refusal here is rare."""
    try:
        return completions.parse(line.body, tokenizer=tokenizer, context_tokens=config.context_tokens)
    except completions.BodyError as error:
        refusal = results.refused(line, status=error.status, code=error.code, message=error.message, param=error.param)
    except Exception as error:
        refusal = _failed(chunk, line, error)
    attempt.refused.add(line.id)
    attempt.errors.append(refusal)
    return None


def _failed(chunk: Chunk, line: Line, error: Exception) -> bytes:
    """The error line for a failure of ours that concerns one line; its text may hold a prompt, so is not logged."""
    log.error("line_failed", batch=chunk.batch_id, line=line.id, error=type(error).__name__)
    return results.not_run(line, code="internal_error", message=INTERNAL_ERROR)


def _load(release: Release) -> Engine:
    """Called in the engine's thread, which has no database connection: the release brings its artifacts along."""
    config = EngineConfig(
        device=settings.ENGINE_DEVICE,
        dtype=cast(DType, settings.ENGINE_DTYPE),
        weights=cast(WeightForm, settings.ENGINE_WEIGHTS),
        max_batch_size=settings.ENGINE_REQUESTS,
        kv_bytes=settings.ENGINE_KV_BYTES,
    )
    return Engine.load(model_folder.folder(release), config)


def _await(attempt: Attempt, chunk: Chunk, engine: EngineThread, clock: Callable[[], datetime]) -> Stop | None:
    """Wait for all answers, renewing the lease and asking whether to go on at each heartbeat."""
    pending = attempt.pending
    beat_at = monotonic() + settings.HEARTBEAT_SECONDS
    while True:
        _, unfinished = wait(pending, timeout=max(0.0, beat_at - monotonic()))
        if not unfinished:
            return None
        if not leases.renew(chunk_id=chunk.pk, fencing=chunk.fencing, now=clock()):
            raise LeaseLostError
        _require_alive(engine, chunk)
        if (stop := reason_to_stop(chunk.batch_id, clock())) is not None:
            return stop
        beat_at = monotonic() + settings.HEARTBEAT_SECONDS


def _require_alive(engine: EngineThread, chunk: Chunk) -> None:
    """Raises EngineUnavailableError for an engine that has been in one step for too long: others may do better."""
    seconds = engine.stuck_for()
    if seconds > settings.ENGINE_STUCK_SECONDS:
        log.error("engine_stuck", batch=chunk.batch_id, chunk=chunk.index, seconds=round(seconds))
        engines.abandon(_release(chunk).commit, engine)
        raise EngineUnavailableError("the engine is stuck in a step")


def _collect(attempt: Attempt, chunk: Chunk, lines: list[Line], stop: Stop | None, now: datetime) -> None:
    for line in lines:
        if line.id in attempt.refused:
            continue
        if stop is not None and not _is_finished(attempt, line):
            attempt.errors.append(results.not_run(line, code=stop.code, message=stop.message))
        else:
            _collect_line(attempt, chunk, line, now)


def _is_finished(attempt: Attempt, line: Line) -> bool:
    """Whether all answers of a line are there, so that it is kept although its chunk was stopped."""
    futures = attempt.futures.get(line.id)
    return futures is not None and all(future.done() and not future.cancelled() for future in futures)


def _collect_line(attempt: Attempt, chunk: Chunk, line: Line, now: datetime) -> None:
    try:
        answers = [future.result(timeout=0) for future in attempt.futures[line.id]]
        body = _body(attempt.call[line.id], answers, chunk, line, now)
        attempt.output.append(results.answered(line, body))
    except CancelledError:
        raise EngineUnavailableError("the engine was closed") from None
    except EngineUnavailableError:
        raise
    except RequestError as error:
        attempt.errors.append(results.refused(line, status=400, code=error.code, message=str(error), param=error.param))
    except Exception as error:  # whatever it is, it fails this line and no other
        attempt.errors.append(_failed(chunk, line, error))
    else:
        attempt.prompt_tokens += body["usage"]["prompt_tokens"]
        attempt.completion_tokens += body["usage"]["completion_tokens"]


def _body(
    call: completions.CompletionCall, answers: list[Completion], chunk: Chunk, line: Line, now: datetime
) -> dict[str, Any]:
    release = _release(chunk)
    body: dict[str, Any] = call.body(
        answers,
        id=f"cmpl-{line.tail}",
        model=release.variant.model_id,
        created=int(now.timestamp()),
        fingerprint=f"fp_{release.commit[:12]}",
    )
    return body


def _close(attempt: Attempt, chunk: Chunk, stop: Stop | None) -> None:
    """Write what there is, then close the chunk; a lost lease takes its objects with it."""
    result_key, error_key = results.attempt_keys(chunk.batch_id, chunk.index, chunk.fencing)
    outcome = leases.Outcome(
        result_key=results.write(result_key, attempt.output),
        error_key=results.write(error_key, attempt.errors),
        completed_lines=len(attempt.output),
        failed_lines=len(attempt.errors),
        prompt_tokens=attempt.prompt_tokens,
        completion_tokens=attempt.completion_tokens,
    )
    whole = stop is None or stop.whole
    if not leases.complete(chunk_id=chunk.pk, fencing=chunk.fencing, outcome=outcome, whole=whole):
        results.delete(outcome.result_key, outcome.error_key)
        raise LeaseLostError


def _release(chunk: Chunk) -> Release:
    assert chunk.batch.release is not None
    return chunk.batch.release
