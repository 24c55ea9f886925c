"""Before an application begins: what will be asked, how long it takes, who reads it, and how long one waits."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands
from access_portal.applications.eligibility import require_eligible
from access_portal.applications.families import Family, family_with_slug
from access_portal.applications.following import open_draft, own_application
from access_portal.applications.models import ReviewPolicy
from access_portal.applications.progress import effort_of
from access_portal.applications.review_policy import policy_of
from access_portal.applications.waiting import wait_for
from access_portal.errors import ConflictError
from access_portal.licences.queries import current_version
from access_portal.questionnaires.queries import current_form


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: SignedInRequest, family_slug: str) -> HttpResponse:
    """Begin, or go on where one was; `previous` is the number of an earlier application, to start from its answers."""
    family = family_with_slug(family_slug)
    draft = open_draft(request.user, family.pk)
    if draft is not None:
        return redirect("edit_application", number=draft.number)
    if request.method == "POST":
        return _begin(request, family)
    return _start_page(request, family)


def _begin(request: SignedInRequest, family: Family) -> HttpResponse:
    previous = request.POST.get("previous", "")
    try:
        made = commands.start_application(actor=request.user, family=family, previous=previous, now=timezone.now())
    except ConflictError as problem:
        twin = open_draft(request.user, family.pk) if problem.code == "already_open" else None
        if twin is None:
            raise
        return redirect("edit_application", number=twin.number)  # the other click of two
    messages.success(
        request, _("Your application has the number %(number)s. Nobody sees it before you send it.") % {"number": made}
    )
    return redirect("edit_application", number=made.number)


def _start_page(request: SignedInRequest, family: Family) -> HttpResponse:
    now = timezone.now()
    require_eligible(request.user, family, now)
    number = request.GET.get("previous", "")
    definition = current_form(family.pk).parsed()
    page = {
        "family": family,
        "previous": own_application(request.user, number) if number else None,
        "sections": definition.sections,
        "effort": effort_of(definition),
        "wait": wait_for(family.pk, now),
        "two_people": policy_of(family.pk).eyes == ReviewPolicy.Eyes.FOUR,
        "licence": current_version(family.weights_licence),
        "now": now,
    }
    return render(request, "applications/apply.html", page)
