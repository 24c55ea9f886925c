"""The texts that anybody may read before they apply: a release's model card and its licence; sent by this site itself.

They are small, so they are read from the store at each request, and a part of them can be asked for as of any file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from release.client.manifest import Layout
from release.hub.objects import etag
from release.models import Artifact
from release.storage import weights_store

NAMES = re.compile(r"(README|LICEN[CS]E|NOTICE|USE_POLICY)(\.md|\.txt)?")
MOST_BYTES = 1024 * 1024
RANGE = re.compile(r"bytes=(\d{1,12})?-(\d{1,12})?")


@dataclass(frozen=True)
class Span:
    """Bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int


def is_open(artifact: Artifact) -> bool:
    """Whether a file is one of these texts."""
    fits = bool(NAMES.fullmatch(artifact.path)) and artifact.size_bytes <= MOST_BYTES
    return fits and artifact.layout == Layout.ANY


def send(request: HttpRequest, artifact: Artifact) -> HttpResponse:
    """The text or the part that was asked for; for HEAD, what would be sent. Raises StoreUnavailableError."""
    size, tag = artifact.size_bytes, f'"{etag(artifact)}"'
    began_with = request.headers.get("If-Range", tag)  # `main` may be another release by now: then all of it
    span = _span(request.headers.get("Range", "") if began_with == tag else "", size)
    if span is None:
        answer = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{size}"
        return answer
    length = 0 if request.method == "HEAD" else span.stop - span.start
    body = weights_store().read_range(artifact.storage_key, span.start, length) if length else b""
    is_part = span != Span(0, size)
    answer = HttpResponse(body, status=206 if is_part else 200, content_type="text/plain; charset=utf-8")
    answer["Content-Length"] = str(span.stop - span.start)
    if is_part:
        answer["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    answer["X-Linked-Size"] = str(size)
    answer["X-Linked-Etag"] = answer["ETag"] = tag
    answer["Accept-Ranges"] = "bytes"
    return answer


def _span(asked: str, size: int) -> Span | None:
    """What a Range header means; all of it where there is none that we read, None for one beyond the end."""
    found = RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return Span(0, size)
    first, last = found.groups()
    if first is None:  # the last so many bytes
        span = Span(max(0, size - int(last)), size)
    else:
        span = Span(int(first), min(size, int(last) + 1) if last else size)
    return span if span.start < span.stop else None
