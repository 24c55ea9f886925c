"""Models and releases for programs: public, and with a token also whether that person may have them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Router

from release import queries
from release.api import representation
from release.api.caller import public_reader
from release.models import Release, Variant

router = Router(tags=["models"])
LATEST = "latest"


@router.get("/models", auth=None, summary="Every model with its releases, and whether I may have it; public")
def models(request: HttpRequest) -> JsonResponse:
    now = timezone.now()
    actor = public_reader(request, now)
    shown: dict[int, list[Release]] = defaultdict(list)
    for release in queries.shown_releases():
        shown[release.variant_id].append(release)
    latest = queries.latest_releases()
    rows = Variant.objects.select_related("family").order_by("family__name", "parameters", "pk")
    data = [representation.model(row, shown[row.pk], latest.get(row.pk), actor, now) for row in rows]
    return private({"data": data})


@router.get(
    "/releases/{family}/{variant}/{version}",
    auth=None,
    summary="One release: files, hashes, licence, signature, and whether I may have it; public",
)
def release(request: HttpRequest, family: str, variant: str, version: str) -> JsonResponse:
    now = timezone.now()
    actor = public_reader(request, now)
    return private(representation.whole(find_release(family, variant, version), actor, now))


def find_release(family: str, variant: str, version: str) -> Release:
    """The release of this version, or with `latest` the one that is offered first; raises ReleaseNotFoundError."""
    if version == LATEST:
        found = queries.latest_release(queries.get_variant(family, variant))
        if found is not None:
            return found
    return queries.get_release(family, variant, version)


def private(content: dict[str, Any]) -> JsonResponse:
    """An answer to one person, which nobody keeps on the way."""
    return JsonResponse(content, headers={"Cache-Control": "no-store"})
