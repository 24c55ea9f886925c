"""Pages about who has what of a release, and what its withdrawal would mean: for release managers and auditors."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.reports.files import BOM, csv_lines
from access_portal.reports.sheets import Cell
from release import ledger
from release.drill import rehearse_withdrawal
from release.models import Release
from release.office.reading import any_release

PAGE_ROWS = 50
COLUMNS = ("person", "name", "grant", "file", "links", "first_link", "last_link", "report")


@login_required
@never_cache
@require_safe
def ledger_page(request: SignedInRequest, model_id: str, version: str) -> HttpResponse:
    """Links made against files reported whole: by person and grant, and file by file for one of them."""
    found = _release(request, model_id, version)
    rows = Paginator(ledger.shares(found), PAGE_ROWS).get_page(request.GET.get("page"))
    person, grant = (request.GET.get(name, "").replace("\0", "")[:150] for name in ("person", "grant"))
    page = {
        "release": found,
        "rows": rows,
        "shares": ledger.with_reports(found, rows.object_list),
        "person": person,
        "grant": grant,
        "lines": list(ledger.lines(found, username=person, grant=grant)) if person and grant else [],
        "file_count": found.artifacts.count(),
    }
    return render(request, "release/office/ledger.html", page)


@login_required
@never_cache
@require_safe
def ledger_file(request: SignedInRequest, model_id: str, version: str) -> StreamingHttpResponse:
    """Every file of everybody, for a spreadsheet."""
    found = _release(request, model_id, version)
    name = f"ledger-{found.variant.model_id}-{found.version}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


def _csv(release: Release) -> Iterator[str]:
    yield BOM + csv_lines([COLUMNS])
    for line in ledger.lines(release):
        cells: list[Cell] = [
            line.username, line.name, line.grant, line.path, line.links, line.first_at.isoformat(),
            line.last_at.isoformat(), line.outcome,
        ]  # fmt: skip
        yield csv_lines([cells])


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def drill(request: SignedInRequest, model_id: str, version: str) -> HttpResponse:
    """What a withdrawal would do. Pressing the button is put on record; nothing else happens."""
    found = _release(request, model_id, version)
    rehearsal = None
    if request.method == "POST":
        rehearsal = rehearse_withdrawal(release=found, actor=request.user, now=timezone.now())
    return render(request, "release/office/drill.html", {"release": found, "rehearsal": rehearsal})


def _release(request: SignedInRequest, model_id: str, version: str) -> Release:
    ledger.require_ledger_reader(request.user, timezone.now())
    return any_release(model_id, version)


urlpatterns = [
    path("<str:model_id>/<str:version>/ledger/", ledger_page, name="release_ledger"),
    path("<str:model_id>/<str:version>/ledger.csv", ledger_file, name="release_ledger_file"),
    path("<str:model_id>/<str:version>/rehearsal/", drill, name="release_drill"),
]
