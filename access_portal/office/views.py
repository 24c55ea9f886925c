"""The front desk of the office."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.office.doors import require_staff, rooms_for
from access_portal.office.waiting import lines_for


@login_required
@never_cache
@require_safe
def office(request: SignedInRequest) -> HttpResponse:
    """What waits, and every page that is open to this member of staff."""
    now = timezone.now()
    actions = require_staff(request.user, now)
    page = {
        "staff_actions": actions,
        "waiting": lines_for(request.user, actions, now),
        "rooms": rooms_for(actions),
    }
    return render(request, "office/office.html", page)
