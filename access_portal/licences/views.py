"""Pages of licence texts: public to read, to compare and to keep; to accept when signed in."""

from __future__ import annotations

import base64

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_http_methods, require_safe

from access_portal.accounts.models import User
from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import ConflictError
from access_portal.licences import queries
from access_portal.licences.commands import accept
from access_portal.licences.difference import difference
from access_portal.licences.forms import AcceptForm
from access_portal.licences.markdown import to_safe_html
from access_portal.licences.models import LicenceVersion


@require_safe
def licences(request: HttpRequest) -> HttpResponse:
    """Every licence of this house with all its versions."""
    return render(request, "licences/licences.html", {"licences": queries.licences_with_versions()})


@login_required
@require_safe
def my_licences(request: SignedInRequest) -> HttpResponse:
    """What this person accepted, and what waits for their answer."""
    page = {
        "awaited": queries.awaiting_consent(request.user, timezone.now()),
        "acceptances": queries.acceptances_of(request.user),
    }
    return render(request, "licences/my_licences.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
def licence_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version, and record its acceptance."""
    version = _version(pk)
    user = request.user if isinstance(request.user, User) else None
    form = AcceptForm(request.POST if request.method == "POST" else None, initial={"sha256": version.sha256})
    if form.is_bound:
        if user is None:
            return redirect_to_login(request.path)
        if form.is_valid():
            return _accept(request, user, version, form)
    return _page(request, user, version, form, status=422 if form.errors else 200)


def _etag(request: HttpRequest, pk: int) -> str | None:
    digest = LicenceVersion.objects.filter(pk=pk).values_list("sha256", flat=True).first()
    return None if digest is None else f'"{digest}"'


@require_safe
@condition(etag_func=_etag)
def licence_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The very bytes that were hashed, so that anybody can hash them again."""
    version = _version(pk)
    answer = HttpResponse(version.text.encode(), content_type="text/plain; charset=utf-8")
    name = f"{version.licence.slug}-{version.number}.txt"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(version.sha256)).decode()}:"
    return answer


@require_safe
def licence_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """What this version changed, against the one before it or the one named by `since`."""
    version = _version(pk)
    since = request.GET.get("since", "")
    before = _older(version, since) if since else queries.previous_version(version)
    page = {
        "version": version,
        "before": before,
        "passages": difference(before.text, version.text) if before else [],
        "older": [row for row in queries.older_versions(version) if before is None or row.pk != before.pk],
    }
    return render(request, "licences/licence_changes.html", page)


def _version(pk: int) -> LicenceVersion:
    return get_object_or_404(LicenceVersion.objects.select_related("licence"), pk=pk)


def _older(version: LicenceVersion, key: str) -> LicenceVersion:
    """An earlier text of the same licence; anything else is not found."""
    found = next((row for row in queries.older_versions(version) if str(row.pk) == key), None)
    if found is None:
        raise Http404
    return found


def _accept(request: HttpRequest, user: User, version: LicenceVersion, form: AcceptForm) -> HttpResponse:
    try:
        accept(
            actor=user,
            version=version,
            shown_sha256=form.cleaned_data["sha256"],
            capacity=form.cleaned_data["capacity"],
            act="ticked the box on the licence page",
            now=timezone.now(),
        )
    except ConflictError as problem:
        current = queries.current_version(version.licence)
        if problem.code != "licence_outdated" or current is None:
            raise
        return _replaced(request, user, version, current)
    messages.success(request, _("Thank you. Your acceptance is recorded below."))
    return redirect("licence_version", pk=version.pk)


def _replaced(request: HttpRequest, user: User, shown: LicenceVersion, current: LicenceVersion) -> HttpResponse:
    """The text that took the place of the one just read, what it changed, and its own form; nothing was accepted."""
    form = AcceptForm(initial={"sha256": current.sha256})
    passages = difference(shown.text, current.text)
    return _page(request, user, current, form, status=409, replaced=shown, passages=passages)


def _page(
    request: HttpRequest,
    user: User | None,
    version: LicenceVersion,
    form: AcceptForm,
    status: int,
    **more: object,
) -> HttpResponse:
    versions = list(version.licence.versions.defer("text"))
    page = {
        "version": version,
        "text": to_safe_html(version.text),
        "current": versions[0],
        "versions": versions,
        "families": version.licence.families.all(),
        "acceptance": user and queries.acceptance_of(user, version),
        "form": form,
        **more,
    }
    return render(request, "licences/licence_version.html", page, status=status)
