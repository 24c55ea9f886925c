"""The page on which the office stops everything of a person, a lab, a family or the house."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import ConflictError
from access_portal.grants import stops
from access_portal.grants.models import Stop
from access_portal.grants.policy import Action, Office, require
from access_portal.grants.stop_forms import LiftForm, StopForm
from access_portal.grants.stop_reach import reach


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop_everything(request: SignedInRequest) -> HttpResponse:
    """First a look at what it would touch, then one button."""
    now = timezone.now()
    require(request.user, Action.STOP, Office(), now)
    form = StopForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, {"form": form}, status=400 if request.method == "POST" else 200)
    target, reason = form.cleaned_data["target"], form.cleaned_data["reason"]
    if "confirm" not in request.POST:
        require(request.user, Action.STOP, target.matter, now)
        return _page(request, {"form": form, "target": target, "reach": reach(target, now)})
    try:
        stops.stop(actor=request.user, target=target, reason=reason, now=now)
    except ConflictError as problem:
        form.add_error(None, problem.explanation)
        return _page(request, {"form": form}, status=problem.status)
    flash.success(request, _("It is stopped. Nothing is given out any more, and running jobs end within a minute."))
    return redirect("stop_everything")


@login_required
@require_POST
def lift_stop(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let it go on."""
    form = LiftForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    stops.lift(actor=request.user, stop_id=pk, reason=reason, now=timezone.now())
    flash.success(request, _("It goes on. Whoever was told of the stop gets a mail."))
    return redirect("stop_everything")


def _page(request: SignedInRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    standing = Stop.objects.filter(lifted_at__isnull=True).select_related("user", "grant", "family", "by")
    rows = [(stop, LiftForm(auto_id=f"lift_{stop.pk}_%s")) for stop in standing.order_by("-at", "-pk")]
    return render(request, "grants/stop_everything.html", {"stops": rows, **context}, status=status)
