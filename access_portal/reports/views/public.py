"""The transparency page and its twin for programs."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.models import User
from access_portal.accounts.requests import SignedInRequest
from access_portal.reports.commands import take_back as take_back_statement
from access_portal.reports.public_json import as_public_json
from access_portal.reports.public_plots import ended_plot, waits_plot
from access_portal.reports.statements import of_person
from access_portal.reports.transparency import STANDS, Transparency

FRESH_SECONDS = 300


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """For strangers without a cookie it is one page for all of them, so it may be kept for five minutes."""
    now = timezone.now()
    page = Transparency(now)
    shared = not request.COOKIES
    content = {
        "page": page,
        "stands": [*STANDS.values()],
        "ended_plot": ended_plot(page),
        "waits_plot": waits_plot(page),
        "own": of_person(request.user, now) if not shared and isinstance(request.user, User) else [],
        **({"csrf_token": ""} if shared else {}),  # else the page would set a cookie, and be nobody else's
    }
    response = render(request, "reports/transparency.html", content)
    if shared:
        patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return response


@require_safe
def transparency_json(request: HttpRequest) -> JsonResponse:
    response = JsonResponse(as_public_json(Transparency(timezone.now())))
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    response["Access-Control-Allow-Origin"] = "*"
    return response


@login_required
@require_POST
def take_back(request: SignedInRequest, number: str) -> HttpResponse:
    """One's own sentence leaves the public page."""
    take_back_statement(actor=request.user, number=number, now=timezone.now())
    messages.success(request, _("Taken back. Copies that others keep for a few minutes follow."))
    return redirect("transparency")
