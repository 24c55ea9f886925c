"""`/v1/files`: upload, list, read, delete."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from inference_worker import commands, queries, streams
from inference_worker.api import bodies, shapes, uploads
from inference_worker.api.endpoint import Caller, endpoint
from inference_worker.api.errors import ApiError

SHORTEST_LIFE, LONGEST_LIFE = 3_600, 2_592_000  # seconds


def upload(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    received = uploads.receive(request)
    if request.POST.get("purpose") != "batch":
        raise ApiError(400, "invalid_value", "The only purpose is batch.", "purpose")
    stored = commands.store_file(actor=caller.user, upload=received, lifetime=_lifetime(request), now=caller.now)
    return JsonResponse(shapes.file(stored))


def listing(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    order = request.GET.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise ApiError(400, "invalid_value", "order must be asc or desc.", "order")
    purpose = request.GET.get("purpose")
    found = queries.page_of_files(
        caller.user,
        caller.now,
        after=request.GET.get("after"),
        limit=bodies.whole_number(request, "limit", 10_000, 1, 10_000),
        newest_first=order == "desc",
        purpose=purpose.replace("\0", "") if purpose else None,
    )
    return JsonResponse(shapes.page(found, shapes.file))


def retrieve(request: HttpRequest, caller: Caller, file_id: str) -> HttpResponseBase:
    return JsonResponse(shapes.file(queries.get_file(caller.user, file_id, caller.now)))


def delete(request: HttpRequest, caller: Caller, file_id: str) -> HttpResponseBase:
    commands.delete_file(actor=caller.user, file_id=file_id, now=caller.now)
    return JsonResponse({"id": file_id, "object": "file", "deleted": True})


def read(request: HttpRequest, caller: Caller, file_id: str) -> HttpResponseBase:
    return streams.file_response(request, queries.get_file(caller.user, file_id, caller.now))


def _lifetime(request: HttpRequest) -> timedelta | None:
    anchor, life = request.POST.get("expires_after[anchor]"), request.POST.get("expires_after[seconds]")
    if anchor is None and life is None:
        return None
    if anchor != "created_at":
        raise ApiError(400, "invalid_value", "The only anchor is created_at.", "expires_after[anchor]")
    if life is None or not (life.isascii() and life.isdigit() and len(life) < 10):
        raise ApiError(400, "invalid_type", "seconds must be a whole number.", "expires_after[seconds]")
    if not SHORTEST_LIFE <= int(life) <= LONGEST_LIFE:
        message = f"seconds must be from {SHORTEST_LIFE} to {LONGEST_LIFE}."
        raise ApiError(400, "invalid_value", message, "expires_after[seconds]")
    return timedelta(seconds=int(life))


collection = endpoint(GET=listing, POST=upload)
item = endpoint(GET=retrieve, DELETE=delete)
content = endpoint(GET=read)
