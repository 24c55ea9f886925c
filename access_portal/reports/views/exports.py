"""Reports, the list of cases and single cases as files."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.policy import Action, Office, require
from access_portal.reports import case_list, commands
from access_portal.reports.case_file import require_case
from access_portal.reports.catalogue import find_report
from access_portal.reports.figures import Figures
from access_portal.reports.files import as_csv, as_json
from access_portal.reports.wanted import Wanted

CSV = "text/csv; charset=utf-8"
R = TypeVar("R", bound=HttpResponseBase)


@login_required
@require_safe
def report_file(request: SignedInRequest, name: str, kind: str) -> HttpResponse:
    """One report with the filters of the address, as `csv` or `json`."""
    now = timezone.now()
    report = find_report(name, request.user, now)
    figures = Figures(Wanted.read(request.GET.dict(), now), now)
    sheet = report.make(figures)
    if kind == "csv":
        return _file(HttpResponse(as_csv(sheet), content_type=CSV), f"{name}.csv")
    body = as_json(name, sheet, figures.wanted, is_now=report.is_now, at=now.isoformat())
    return _file(JsonResponse(body, json_dumps_params={"indent": 1}), f"{name}.json")


@login_required
@require_safe
def cases_file(request: SignedInRequest) -> StreamingHttpResponse:
    """The list of cases that were sent in the period."""
    now = timezone.now()
    require(request.user, Action.SEE_REPORTS, Office(), now)
    wanted = Figures(Wanted.read(request.GET.dict(), now), now).wanted
    make: Any = case_list.pieces_for_asgi if isinstance(request, ASGIRequest) else case_list.pieces
    return _file(StreamingHttpResponse(make(wanted, now), content_type=CSV), "cases.csv")


@login_required
@require_safe
def find_case_to_copy(request: SignedInRequest) -> HttpResponse:
    """To the page of the number that was typed."""
    typed = request.GET.get("number", "").replace("\x00", "").strip()[:20]
    application, _grounds = require_case(request.user, typed, timezone.now())
    return redirect("copy_case", number=application.number)


@login_required
@require_safe
def copy_case(request: SignedInRequest, number: str) -> HttpResponse:
    """What is in the copy of a case, and the button that makes one."""
    application, _grounds = require_case(request.user, number, timezone.now())
    return render(request, "reports/copy_case.html", {"application": application})


@login_required
@require_POST
def case_export(request: SignedInRequest, number: str) -> HttpResponse:
    """Everything about one case; that it was copied is on its record."""
    body = commands.export_case(actor=request.user, number=number, now=timezone.now())
    return _file(JsonResponse(body, json_dumps_params={"indent": 1, "ensure_ascii": False}), f"{number}.json")


def _file(response: R, name: str) -> R:
    """A download that no cache keeps and no browser runs."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
