"""Pages of the applicant: apply, follow, withdraw."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands
from access_portal.applications.eligibility import require_eligible
from access_portal.applications.families import Family, family_with_slug
from access_portal.applications.models import Application
from access_portal.applications.queries import applications_of, own_application, timeline
from access_portal.applications.reasons import REASONS
from access_portal.applications.standing import allowed_commands
from access_portal.applications.wording import BADGES, EXPLANATIONS, next_actor
from access_portal.errors import ConflictError
from access_portal.licences.markdown import to_safe_html
from access_portal.licences.models import LicenceVersion
from access_portal.licences.queries import current_version
from access_portal.questionnaires.countries import COUNTRIES


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: SignedInRequest, family_slug: str) -> HttpResponse:
    """The form; what was typed is kept when something is wrong or the licence changed meanwhile."""
    family = family_with_slug(family_slug)
    require_eligible(request.user, family, timezone.now())
    if request.method != "POST":
        licence = _licence_of(family)
        return _form_page(request, family, licence, _old_form(family=family, licence=licence))
    form = _old_form(request.POST, family=family, licence=_licence_of(family))
    if form.is_valid():
        application = _submit(request, family, form)
        if application is not None:
            messages.success(request, _("Thank you. We have your application, and a receipt is on its way by mail."))
            return redirect("application", number=application.number)
    return _form_again(request, family, form)


@login_required
@require_safe
def my_applications(request: SignedInRequest) -> HttpResponse:
    """All applications of this person."""
    rows = [(row, BADGES[row.state], next_actor(row)) for row in applications_of(request.user)]
    return render(request, "applications/my_applications.html", {"rows": rows})


@login_required
@require_safe
def application(request: SignedInRequest, number: str) -> HttpResponse:
    """One's own application: where it stands, who acts next, what was said."""
    found = own_application(request.user, number)
    page = {
        "application": found,
        "badge": BADGES[found.state],
        "explanation": EXPLANATIONS[found.state],
        "next_actor": next_actor(found),
        "timeline": timeline(found, request.user),
        "allowed": allowed_commands(found, request.user, timezone.now()),
        "reason": REASONS.get(found.decision.code) if found.decision else None,
    }
    return render(request, "applications/application.html", page)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedInRequest, number: str) -> HttpResponse:
    """Ask whether it is meant, then withdraw."""
    found = own_application(request.user, number)
    if request.method == "POST":
        commands.withdraw(actor=request.user, number=number, now=timezone.now())
        messages.success(request, _("Your application is withdrawn."))
        return redirect("application", number=number)
    allowed = allowed_commands(found, request.user, timezone.now())
    return render(request, "applications/withdraw.html", {"application": found, "allowed": allowed})


def _licence_of(family: Family) -> LicenceVersion:
    licence = current_version(family.weights_licence)
    if licence is None:
        raise ConflictError(
            "licence_missing",
            _("%(family)s has no licence text yet, so nobody can apply for it.") % {"family": family.name},
            _("The page of the family says more."),
            reverse("family", args=[family.slug]),
        )
    return licence


def _submit(request: SignedInRequest, family: Family, form: Any) -> Application | None:
    """None when the licence on the screen is no longer the current one."""
    try:
        return commands.submit_application(
            actor=request.user,
            family=family,
            answers=form.answers(),
            licence_version_id=form.cleaned_data["licence_version"],
            shown_sha256=form.cleaned_data["licence_sha256"],
            now=timezone.now(),
        )
    except ConflictError as problem:
        if problem.code != "licence_changed":
            raise
        return None


def _form_again(request: SignedInRequest, family: Family, form: Any) -> HttpResponse:
    licence = _licence_of(family)
    if form.shows(licence):
        return _form_page(request, family, licence, form, status=422)
    kept = request.POST.copy()
    kept["licence_version"], kept["licence_sha256"] = str(licence.pk), licence.sha256
    kept.pop("agree", None)  # it was said of another text
    renewed = _old_form(kept, family=family, licence=licence)
    return _form_page(request, family, licence, renewed, status=409, licence_changed=True)


def _form_page(
    request: HttpRequest, family: Family, licence: LicenceVersion, form: Any, status: int = 200, **more: Any
) -> HttpResponse:
    page = {
        "family": family,
        "form": form,
        "licence": licence,
        "licence_text": to_safe_html(licence.text),
        "countries": COUNTRIES,
        **more,
    }
    return render(request, "applications/apply.html", page, status=status)
