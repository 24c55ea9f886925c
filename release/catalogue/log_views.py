"""The access log of a grant: which download links were made under it, by whom, from where."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.daily_bytes import daily_bytes
from release.access_log import readable_log

PAGE_ROWS = 100


@login_required
@require_safe
def grant_downloads(request: SignedInRequest, number: str) -> HttpResponse:
    """For the holder all links, for a member their own, for the office all."""
    now = timezone.now()
    log = readable_log(request.user, number, now)
    rows = Paginator(log.mints, PAGE_ROWS).get_page(request.GET.get("page"))
    page = {"log": log, "grant": log.grant, "rows": rows, "today": daily_bytes(log.grant, now)}
    return render(request, "release/grant_downloads.html", page)
