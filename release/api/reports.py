"""What clients found when they checked what they had fetched."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from access_portal.accounts.models import Scope
from access_portal.api.bearer import TokenRequest, needs
from release.api.caller import count
from release.api.catalogue import find_release
from release.api.links import Path
from release.models import FetchReport
from release.reporting import report_files

router = Router(tags=["models"])
MOST_FILES = 1000


class Checked(Schema):
    path: Path
    outcome: FetchReport.Outcome


class Report(Schema):
    files: list[Checked] = Field(min_length=1, max_length=MOST_FILES)
    client: str = Field("", max_length=100, description="name and version of the program that checked")


@router.post(
    "/releases/{family}/{variant}/{version}/reports",
    response={204: None},
    summary="Say which files arrived whole, and which did not; only of files that I had a link to",
)
@needs(Scope.DOWNLOAD)
def reports(request: TokenRequest, family: str, variant: str, version: str, body: Report) -> HttpResponse:
    now = timezone.now()
    count(request, now)
    report_files(
        actor=request.user,
        release=find_release(family, variant, version),
        outcomes={file.path: file.outcome for file in body.files},
        client=body.client,
        now=now,
    )
    return HttpResponse(status=204)
