"""The decider's desk: all that waits for a decision and for nobody else."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.cockpit.desk import piles_for
from access_portal.grants.policy import Action, Office, require


@login_required
@require_safe
def desk(request: SignedInRequest) -> HttpResponse:
    """Recommended cases, final refusals to confirm, appeals, and holds to look at again."""
    now = timezone.now()
    require(request.user, Action.DECIDE, Office(), now)
    return render(request, "applications/review_desk.html", {"piles": piles_for(request.user, now), "now": now})
