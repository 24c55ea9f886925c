"""Long lists in pages: the address of the next one stands in a header, whole, with all that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, JsonResponse

from release.hub.parameters import number
from release.hub.shapes import Json

PAGE = 1_000


def paged(request: HttpRequest, items: Sequence[Json]) -> JsonResponse:
    """The page that was asked for, of `limit` items at most; what the lists hold does not move meanwhile."""
    start = number(request, "cursor") or 0
    size = min(number(request, "limit") or PAGE, PAGE)
    answer = JsonResponse(list(items[start : start + size]), safe=False)
    if start + size < len(items):
        answer["Link"] = f'<{_address(request, start + size)}>; rel="next"'
    return answer


def _address(request: HttpRequest, cursor: int) -> str:
    query = request.GET.copy()
    query["cursor"] = str(cursor)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
