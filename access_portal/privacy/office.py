"""The office's page about forgetting: the rules, what is due under each, and letting one run now."""

from __future__ import annotations

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.policy import Action, Office, require
from access_portal.privacy.commands import run_retention
from access_portal.privacy.rules import previews


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: SignedInRequest) -> HttpResponse:
    """Look first, then forget: a POST runs the rule that it names, or all."""
    now = timezone.now()
    require(request.user, Action.ADMINISTER, Office(), now)
    if request.method == "POST":
        done = run_retention(actor=request.user, key=request.POST.get("rule", ""), now=now)
        count = sum(done.values())
        flash.success(
            request,
            ngettext("%(count)d thing was forgotten.", "%(count)d things were forgotten.", count) % {"count": count},
        )
        return redirect("retention")
    return render(request, "privacy/retention.html", {"rules": list(previews(now))})
