"""Figures for programs: the same rows as the files of the reports page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from ninja import Query, Router, Schema

from access_portal.accounts.models import Scope
from access_portal.api.bearer import TokenRequest, needs
from access_portal.reports.catalogue import find_report, readable
from access_portal.reports.figures import Figures
from access_portal.reports.files import as_json
from access_portal.reports.wanted import Wanted

router = Router(tags=["reports"])


class ReportFilter(Schema):
    """Days as `2026-03-02`; the last twelve months where none is given. `family` is a slug."""

    since: str = ""
    until: str = ""
    family: str = ""


@router.get("/reports", summary="The reports that I may read")
@needs(Scope.REVIEW)
def reports(request: TokenRequest) -> dict[str, Any]:
    found = readable(request.user, timezone.now())
    return {"reports": [{"name": name, "title": str(one.title), "note": str(one.note)} for name, one in found.items()]}


@router.get("/reports/{name}", summary="One report")
@needs(Scope.REVIEW)
def report(request: TokenRequest, name: str, wanted: Query[ReportFilter]) -> dict[str, Any]:
    now = timezone.now()
    found = find_report(name, request.user, now)
    figures = Figures(Wanted.read(wanted.dict(), now), now)
    return as_json(name, found.make(figures), figures.wanted, is_now=found.is_now, at=now.isoformat())
