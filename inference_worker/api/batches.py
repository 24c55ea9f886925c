"""`/v1/batches`: submit, list, read, cancel."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from inference_worker import commands, queries
from inference_worker.api import bodies, shapes
from inference_worker.api.endpoint import Caller, endpoint
from inference_worker.api.errors import ApiError
from inference_worker.commands import BatchOrder

FIELDS = {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}


def submit(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    order = _order(bodies.json_object(request))
    promise = bodies.promise(request)
    batch, replayed = commands.create_batch(actor=caller.user, order=order, promise=promise, now=caller.now)
    headers = {"idempotent-replayed": "true"} if replayed else {}
    return JsonResponse(shapes.batch(batch), headers=headers)


def listing(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    limit = bodies.whole_number(request, "limit", 20, 1, 100)
    found = queries.page_of_batches(caller.user, after=request.GET.get("after"), limit=limit)
    return JsonResponse(shapes.page(found, shapes.batch))


def retrieve(request: HttpRequest, caller: Caller, batch_id: str) -> HttpResponseBase:
    return JsonResponse(shapes.batch(queries.get_batch(caller.user, batch_id)))


def cancellation(request: HttpRequest, caller: Caller, batch_id: str) -> HttpResponseBase:
    batch = commands.cancel_batch(actor=caller.user, batch_id=batch_id, now=caller.now)
    return JsonResponse(shapes.batch(batch))


def _order(content: dict[str, Any]) -> BatchOrder:
    bodies.refuse_unknown(content, FIELDS)
    metadata = content.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise ApiError(400, "invalid_type", "metadata must be an object.", "metadata")
    if content.get("output_expires_after") is not None:
        message = "output_expires_after is not supported: results are kept for 30 days."
        raise ApiError(400, "unsupported_parameter", message, "output_expires_after")
    return BatchOrder(
        input_file_id=bodies.text(content, "input_file_id"),
        endpoint=bodies.text(content, "endpoint"),
        completion_window=bodies.text(content, "completion_window"),
        metadata=metadata,
    )


collection = endpoint(GET=listing, POST=submit)
item = endpoint(GET=retrieve)
cancel = endpoint(POST=cancellation)
