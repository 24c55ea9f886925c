"""The page of a licence text: public to read, and to accept when signed in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access_portal.accounts.models import User
from access_portal.licences.commands import accept
from access_portal.licences.forms import AcceptForm
from access_portal.licences.markdown import to_safe_html
from access_portal.licences.models import LicenceVersion
from access_portal.licences.queries import acceptance_of, current_version


@require_http_methods(["GET", "HEAD", "POST"])
def licence_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version, and record its acceptance."""
    version = get_object_or_404(LicenceVersion.objects.select_related("licence"), pk=pk)
    user = request.user if isinstance(request.user, User) else None
    form = AcceptForm(request.POST if request.method == "POST" else None, initial={"sha256": version.sha256})
    if form.is_bound:
        if user is None:
            return redirect_to_login(request.path)
        if form.is_valid():
            return _accept(request, user, version, form)
    page = {
        "version": version,
        "text": to_safe_html(version.text),
        "current": current_version(version.licence),
        "versions": version.licence.versions.all(),
        "acceptance": user and acceptance_of(user, version),
        "form": form,
    }
    return render(request, "licences/licence_version.html", page, status=422 if form.errors else 200)


def _accept(request: HttpRequest, user: User, version: LicenceVersion, form: AcceptForm) -> HttpResponse:
    accept(
        actor=user,
        version=version,
        shown_sha256=form.cleaned_data["sha256"],
        capacity=form.cleaned_data["capacity"],
        act="ticked the box on the licence page",
        now=timezone.now(),
    )
    messages.success(request, _("Thank you. Your acceptance is recorded below."))
    return redirect("licence_version", pk=version.pk)
