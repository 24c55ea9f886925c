"""Rules of review for each family, and the conflicts of interest that somebody has declared."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands
from access_portal.applications.cockpit.office_forms import ConflictAboutForm, PolicyForm, policies
from access_portal.applications.commands.policing import set_review_policy
from access_portal.applications.families import family_with_slug
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action, Office, require


@login_required
@require_safe
def review_policies(request: SignedInRequest) -> HttpResponse:
    """The rules of every family side by side."""
    require(request.user, Action.ADMINISTER, Office(), timezone.now())
    return render(request, "applications/review_policies.html", {"policies": policies()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_policy(request: SignedInRequest, family_slug: str) -> HttpResponse:
    """The rules of one family."""
    now = timezone.now()
    require(request.user, Action.ADMINISTER, Office(), now)
    family = family_with_slug(family_slug)
    form = PolicyForm(request.POST if request.method == "POST" else None, family=family)
    if form.is_bound and form.is_valid():
        try:
            set_review_policy(actor=request.user, family=family, rules=form.cleaned_data, now=now)
        except InvalidError as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.explanation)
        else:
            messages.success(request, _("The rules of %(family)s are set.") % {"family": family.name})
            return redirect("review_policy")
    status = 422 if form.errors else 200
    return render(request, "applications/edit_review_policy.html", {"form": form, "family": family}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_conflicts(request: SignedInRequest) -> HttpResponse:
    """The conflicts that this person has declared, and a form for another."""
    now = timezone.now()
    require(request.user, Action.REVIEW, Office(), now)
    form = ConflictAboutForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        commands.declare_conflict(actor=request.user, now=now, **form.about())
        messages.success(request, _("Noted. You are kept away from these cases."))
        return redirect("my_conflicts")
    rows = request.user.conflicts.select_related("application", "applicant").order_by("ended_at", "-declared_at")
    status = 422 if form.errors else 200
    page = {"form": form, "current": rows.filter(ended_at=None), "ended": rows.filter(ended_at__isnull=False)}
    return render(request, "applications/my_conflicts.html", page, status=status)


@login_required
@require_POST
def end_conflict(request: SignedInRequest, conflict_id: int) -> HttpResponse:
    """Take a declaration back."""
    commands.end_conflict(actor=request.user, conflict_id=conflict_id, now=timezone.now())
    messages.success(request, _("Ended. You can handle these cases again."))
    return redirect("my_conflicts")
