"""Pages about grants."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.queries import grants_of


@login_required
@require_safe
def my_grants(request: SignedInRequest) -> HttpResponse:
    """What this person may use, why, and until when."""
    return render(request, "grants/my_grants.html", {"grants": grants_of(request.user), "now": timezone.now()})
