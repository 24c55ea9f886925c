"""Several cases at once, where that is safe: give back, hand over, write. Nothing is ever decided in bulk."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.cockpit.bulk import BULK, BulkForm, chosen, do_all
from access_portal.applications.cockpit.staff import require_staff


@login_required
@require_POST
def bulk(request: SignedInRequest) -> HttpResponse:
    """Ask for what is missing, then do it case by case and say of each how it went."""
    now = timezone.now()
    require_staff(request.user, now)
    what = request.POST.get("what", "")
    picked = chosen(request.POST.getlist("case"))
    if what not in BULK or not picked:
        return redirect("review_queue")
    form = BulkForm(request.POST if "go" in request.POST or what == "release" else None, what=what)
    page: dict[str, Any] = {"what": what, "title": BULK[what], "picked": picked, "form": form, "results": None}
    if form.is_bound and form.is_valid():
        page["results"] = do_all(what, picked, form.cleaned_data, actor=request.user, now=now)
    status = 422 if form.errors else 200
    return render(request, "applications/review_bulk.html", page, status=status)
