"""Download links for programs: up to a hundred files of one release in one request."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import JsonResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from access_portal.accounts.models import Scope
from access_portal.api.bearer import TokenRequest, needs
from release.api.caller import count
from release.api.catalogue import find_release, private
from release.client.paths import MAX_PATH
from release.client_address import client_address
from release.delivery import Link, mint_each
from release.models import Mint

router = Router(tags=["models"])
MOST_LINKS = 100

Path = Annotated[str, Field(max_length=MAX_PATH)]


class Wanted(Schema):
    paths: list[Path] = Field(min_length=1, max_length=MOST_LINKS, description="of files, as the manifest names them")


@router.post("/releases/{family}/{variant}/{version}/links", summary="Links to these files, or to none of them")
@needs(Scope.DOWNLOAD)
def links(request: TokenRequest, family: str, variant: str, version: str, body: Wanted) -> JsonResponse:
    now = timezone.now()
    count(request, now)
    release = find_release(family, variant, version)
    made = mint_each(
        actor=request.user,
        release=release,
        paths=body.paths,
        known=release.artifacts.all(),
        address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        via=Mint.Via.CLIENT,
        now=now,
    )
    return private({"links": [_shown(link) for link in made]})


def _shown(link: Link) -> dict[str, Any]:
    return {
        "path": link.path,
        "url": link.url,
        "size": link.size_bytes,
        "sha256": link.sha256,
        "expires_at": link.expires_at.isoformat(),
    }
