"""A list of requests in pages. Clients read the next page when they come to it, perhaps with this one answered by then.

So a page begins behind the last line that was read, wherever that line is by now, and nobody is passed over.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.http import HttpRequest, JsonResponse

from release.hub import errors
from release.hub.access.requests import AccessRequest, Status, by_application, by_grant, of_application, of_grant
from release.hub.access.shapes import listed
from release.hub.paging import PAGE, link_to_next
from release.hub.parameters import number
from release.models import Variant

CURSOR = re.compile(r"([ag])([0-9]{1,18})", re.ASCII)
BEGINNING = ("a", 0)  # the cases come first, then the grants


def page(request: HttpRequest, variant: Variant, status: Status, now: datetime) -> JsonResponse:
    """`limit` lines at most, and where to go on; raises HubError for a cursor that is none."""
    part, after = _cursor(request)
    size = min(number(request, "limit") or PAGE, PAGE)
    found: list[AccessRequest] = []
    if part == "a":
        cases = by_application(variant, status, now).filter(pk__gt=after)
        found, after = [of_application(case, status) for case in cases[: size + 1]], 0
    grants = by_grant(variant, status, now).filter(pk__gt=after)
    found += [of_grant(grant, status) for grant in grants[: size + 1 - len(found)]]
    answer = JsonResponse([listed(asked) for asked in found[:size]], safe=False)
    if len(found) > size:
        answer["Link"] = link_to_next(request, _after(found[size - 1]))
    return answer


def _cursor(request: HttpRequest) -> tuple[str, int]:
    text = request.GET.get("cursor", "")
    if not text:
        return BEGINNING
    read = CURSOR.fullmatch(text)
    if read is None:
        raise errors.malformed("cursor is none that was given out here.")
    return read[1], int(read[2])


def _after(last: AccessRequest) -> str:
    return f"g{last.grant.pk}" if last.grant is not None else f"a{last.application and last.application.pk}"
