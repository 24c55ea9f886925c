"""`POST /v1/completions`: queued like a batch of one line; the reply waits for it, or streams when it is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone

from access_portal.errors import PermissionRefusedError
from inference_worker import interactive, streams
from inference_worker.api import bodies, errors
from inference_worker.api.endpoint import Caller, async_endpoint
from inference_worker.api.errors import ApiError
from inference_worker.interactive import Answer, Started

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks at the database
KEEP_ALIVE = 10.0  # seconds of silence in a stream
RETRY_AFTER = {"Retry-After": "10"}
DONE = b"data: [DONE]\n\n"


async def complete(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    started = await _started(request, caller)
    if started.call.stream:
        return streams.EventResponse(request, _events(started, caller), partial(_abandon, started, caller))
    async with aclosing(_wait(started, caller)) as looks:
        async for answer in looks:
            if answer is not None:
                headers = {"idempotent-replayed": "true"} if started.replayed else {}
                return JsonResponse(_body(answer), headers=headers)
    raise _nobody_came()


async def _started(request: HttpRequest, caller: Caller) -> Started:
    """A client that goes while its request is being queued takes it along: the thread is past recalling."""
    starting = asyncio.ensure_future(sync_to_async(_start)(request, caller))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await sync_to_async(_abandon)(await starting, caller)
        raise


def _abandon(started: Started, caller: Caller) -> None:
    if not started.replayed:
        interactive.abandon(batch=started.batch, actor=caller.user, now=timezone.now())


def _start(request: HttpRequest, caller: Caller) -> Started:
    body = bodies.json_object(request)
    promise = None if body.get("stream") else bodies.promise(request)
    try:
        return interactive.start(actor=caller.user, body=body, promise=promise, now=caller.now)
    except PermissionRefusedError as error:
        raise errors.access_refused(error, "model_access_denied") from None


async def _wait(started: Started, caller: Caller) -> AsyncGenerator[Answer | None]:
    """None at every look at the database in vain, then the answer; ends without one when the time is up.

    No thread is held between two looks. When nobody listens any more, the work is called off.
    """
    deadline = monotonic() + settings.COMPLETION_WAIT_SECONDS
    pause, over = FIRST_PAUSE, False
    try:
        while not over and monotonic() < deadline:
            over = await sync_to_async(interactive.is_over)(started.batch.pk)
            if over:
                yield await sync_to_async(interactive.answer)(started.batch.pk)
            else:
                yield None
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, LONGEST_PAUSE)
    finally:
        if not over:
            await sync_to_async(_abandon)(started, caller)


async def _events(started: Started, caller: Caller) -> AsyncGenerator[bytes]:
    spoke = monotonic()
    async with aclosing(_wait(started, caller)) as looks:
        async for answer in looks:
            if answer is not None:
                for event in _answered(started, answer):
                    yield event
                return
            if monotonic() - spoke > KEEP_ALIVE:
                spoke = monotonic()
                yield b": waiting\n\n"
    yield _failure(_nobody_came())


def _answered(started: Started, answer: Answer) -> Iterator[bytes]:
    """Each choice whole in one event, for now."""
    try:
        body = _body(answer)
    except ApiError as error:
        yield _failure(error)
        return
    usage = body.pop("usage")
    rest = {"usage": None} if started.call.include_usage else {}
    for choice in body["choices"]:
        yield _event({**body, **rest, "choices": [choice]})
    if started.call.include_usage:
        yield _event({**body, "choices": [], "usage": usage})
    yield DONE


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content, separators=(",", ":")).encode() + b"\n\n"


def _failure(error: ApiError) -> bytes:
    return _event(errors.envelope(error.status, error.code, error.message, error.param))


def _body(answer: Answer) -> dict[str, Any]:
    """Raises ApiError when there is no completion."""
    if answer.status == 200:
        return answer.body
    if answer.body:
        error = answer.body["error"]
        raise ApiError(answer.status, error["code"], error["message"], error["param"])
    raise ApiError(answer.status, answer.code, answer.message, headers=RETRY_AFTER if answer.status == 503 else None)


def _nobody_came() -> ApiError:
    return ApiError(
        503, "worker_unavailable", "No worker took the request in time. Try again later.", headers=RETRY_AFTER
    )


collection = async_endpoint(POST=complete)
