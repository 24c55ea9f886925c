"""Pages on which the office publishes licence texts: write, look, publish."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.policy import Action, Office, require
from access_portal.licences import queries
from access_portal.licences.commands import check_number_is_new, publish_version, sha256_of
from access_portal.licences.difference import difference
from access_portal.licences.forms import PublishForm
from access_portal.licences.markdown import to_safe_html
from access_portal.licences.models import Licence, LicenceVersion
from access_portal.licences.soundness import check_version


@login_required
@require_safe
def office_licences(request: SignedInRequest) -> HttpResponse:
    """Every licence, its current text and how many accepted it, with the way to a new one."""
    require(request.user, Action.MANAGE_LICENCES, Office(), timezone.now())
    return render(request, "licences/office_licences.html", {"rows": queries.licences_for_the_office()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_licence(request: SignedInRequest, slug: str) -> HttpResponse:
    """Write a new version, look at it as people will see it, then publish that very text."""
    require(request.user, Action.MANAGE_LICENCES, Office(), timezone.now())
    licence = get_object_or_404(Licence, slug=slug)
    if request.method != "POST":
        return _page(request, licence, PublishForm())
    form = PublishForm(request.POST, request.FILES)
    if not form.is_valid() or not _is_sound(licence, form):
        return _page(request, licence, form, status=422)
    wants_it_out = request.POST.get("do") == "publish"
    if not wants_it_out or form.cleaned_data["previewed"] != sha256_of(form.cleaned_data["text"]):
        return _preview(request, licence, form, is_other_text=wants_it_out)
    version = _publish(request, licence, form)
    if version is None:
        return _page(request, licence, form, status=422)
    messages.success(request, _("Published. From now on people read and accept this version."))
    return redirect("licence_version", pk=version.pk)


def _is_sound(licence: Licence, form: PublishForm) -> bool:
    """Whether the command would take it; what it would say stands in the form otherwise."""
    data = form.cleaned_data
    try:
        check_version(
            number=data["number"],
            text=data["text"],
            language=data["language"],
            reconsent_by=data["reconsent_by"],
            now=timezone.now(),
        )
        check_number_is_new(licence, data["number"])
    except (InvalidError, ConflictError) as problem:
        _tell(form, problem)
        return False
    return True


def _publish(request: SignedInRequest, licence: Licence, form: PublishForm) -> LicenceVersion | None:
    """None when the form now says what is wrong with it."""
    data = form.cleaned_data
    try:
        return publish_version(
            licence=licence,
            number=data["number"],
            language=data["language"],
            text=data["text"],
            summary=data["summary"],
            reconsent_by=data["reconsent_by"],
            actor=request.user,
            now=timezone.now(),
        )
    except (InvalidError, ConflictError) as problem:
        _tell(form, problem)
        return None


def _tell(form: PublishForm, problem: InvalidError | ConflictError) -> None:
    field = (problem.field or None) if isinstance(problem, InvalidError) else "number"
    form.add_error(field, f"{problem.explanation} {problem.remedy}".strip())


def _preview(request: SignedInRequest, licence: Licence, form: PublishForm, *, is_other_text: bool) -> HttpResponse:
    """The same form once more, with what an uploaded file held in it: browsers do not send a file twice."""
    text = form.cleaned_data["text"]
    current = queries.current_version(licence)
    kept = request.POST.copy()
    kept["text"], kept["previewed"] = text, sha256_of(text)
    page: dict[str, object] = {
        "preview": to_safe_html(text),
        "sha256": sha256_of(text),
        "data": form.cleaned_data,
        "passages": difference(current.text, text) if current else None,
        "is_other_text": is_other_text,
    }
    return _page(request, licence, PublishForm(kept), page)


def _page(
    request: SignedInRequest,
    licence: Licence,
    form: PublishForm,
    more: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    page = {"licence": licence, "current": queries.current_version(licence), "form": form, **(more or {})}
    return render(request, "licences/publish_licence.html", page, status=status)
