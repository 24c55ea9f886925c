"""Long lists in pages: the address of the next one stands in a header, whole, with all that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, JsonResponse
from django.utils.encoding import escape_uri_path

from release.hub.parameters import number
from release.hub.shapes import Json

PAGE = 1_000


def paged(request: HttpRequest, items: Sequence[Json]) -> JsonResponse:
    """The page that was asked for, of `limit` items at most; what the lists hold does not move meanwhile."""
    start = number(request, "cursor") or 0
    size = min(number(request, "limit") or PAGE, PAGE)
    answer = JsonResponse(list(items[start : start + size]), safe=False)
    if start + size < len(items):
        answer["Link"] = link_to_next(request, str(start + size))
    return answer


def link_to_next(request: HttpRequest, cursor: str) -> str:
    """The header's value: this very address with a cursor, its path encoded anew, since a folder may have a `#`."""
    query = request.GET.copy()
    query["cursor"] = cursor
    address = request.build_absolute_uri(f"{escape_uri_path(request.path)}?{query.urlencode()}")
    return f'<{address}>; rel="next"'
