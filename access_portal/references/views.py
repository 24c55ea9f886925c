"""Pages of references: the question behind a link, and what the house can see of oneself."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access_portal.accounts.models import User
from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.models import Application
from access_portal.applications.standing import page_for
from access_portal.errors import ConflictError, NotFoundError
from access_portal.references.commands import answer_reference, is_needed, resend_reference
from access_portal.references.evidence import identity_of
from access_portal.references.forms import AnswerForm
from access_portal.references.models import Reference
from access_portal.references.queries import reference_of_link, sent_answers, standings_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reference(request: HttpRequest, secret: str) -> HttpResponse:
    """The question to somebody who was named. Mail programs open links by themselves, so looking changes nothing."""
    now = timezone.now()
    found = reference_of_link(secret)
    status = found.status(now) if found else None
    if found is None or status in (Reference.Status.EXPIRED, Reference.Status.WAITING):
        return _framed(request, "references/over.html", {}, 404)
    if status == Reference.Status.ANSWERED or not is_needed(found):
        return _framed(request, "references/done.html", {"reference": found})
    form = AnswerForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        return _answered(request, secret, form)
    page = {"reference": found, "form": form, "answers": sent_answers(found.application)}
    return _framed(request, "references/question.html", page, 422 if form.errors else 200)


@login_required
@require_POST
def resend(request: SignedInRequest, reference_id: int) -> HttpResponse:
    """Write to a person who was named once more."""
    asked = resend_reference(actor=request.user, reference_id=reference_id, now=timezone.now())
    flash.success(request, _("We have written to %(email)s again.") % {"email": asked.email})
    return redirect(page_for(asked.application, request.user))


@login_required
@never_cache
@require_safe
def identity(request: SignedInRequest) -> HttpResponse:
    """What we can see of a person, shown to themselves, and how to make it more."""
    latest = _latest_application(request.user)
    answers = latest.answers if latest else {}
    named = standings_of(latest, timezone.now()) if latest else []
    page = {"evidence": identity_of(request.user, answers), "application": latest, "named": named}
    return render(request, "references/identity.html", page)


def _answered(request: HttpRequest, secret: str, form: AnswerForm) -> HttpResponse:
    reader = request.user if isinstance(request.user, User) else None
    with suppress(ConflictError, NotFoundError):  # answered, ended or over a moment ago: the page itself says which
        answer_reference(secret=secret, reader=reader, now=timezone.now(), **form.cleaned_data)
    return redirect("reference", secret)


def _framed(request: HttpRequest, template: str, page: dict[str, object], status: int = 200) -> HttpResponse:
    """Kept out of search engines, should a link ever be published."""
    response = render(request, template, page, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _latest_application(user: User) -> Application | None:
    return Application.objects.filter(applicant=user).select_related("family").order_by("-pk").first()
