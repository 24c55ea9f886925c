"""The page of one case."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.cockpit.staff import open_case
from access_portal.applications.views.case_page import show_case


@login_required
@require_safe
def case(request: SignedInRequest, number: str) -> HttpResponse:
    """One case; `?ask=`, `?about=`, `?refuse=` and `?propose_final=` begin a form with prepared words."""
    now = timezone.now()
    application, who = open_case(request.user, number, now)
    return show_case(request, application, who, now)
