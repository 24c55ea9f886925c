"""Pages about a person's own data: what we hold, a copy of it, correcting it, and leaving."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages as flash
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import InvalidError
from access_portal.privacy import commands
from access_portal.privacy.export import json_export, zip_export
from access_portal.privacy.forms import CloseForm, ProfileForm
from access_portal.privacy.registry import holds_of, sections_of
from access_portal.privacy.sending import file_response


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    """Correct the name, and choose the language."""
    person = request.user
    now_is = {"full_name": person.full_name, "language": person.language}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=now_is)
    if form.is_bound and form.is_valid():
        try:
            commands.correct_profile(actor=person, now=timezone.now(), **form.cleaned_data)
        except InvalidError as error:
            form.add_error(error.field or None, error.explanation)
        else:
            flash.success(request, _("Your profile is corrected."))
            return redirect("profile")
    return render(request, "privacy/profile.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def my_data(request: SignedInRequest) -> HttpResponse:
    """What we hold, why, how long and who sees it, from the same registry as the export."""
    sections = list(sections_of(request.user, timezone.now()))
    return render(request, "privacy/my_data.html", {"sections": sections})


@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def my_data_export(request: SignedInRequest) -> HttpResponseBase:
    """A copy of all of it, made on the spot; after the password, for a browser may be borrowed."""
    now = timezone.now()
    if request.POST.get("format") == "json":
        made = file_response(request, json_export(request.user, now), "application/json", "my-data.json")
    else:
        made = file_response(request, zip_export(request.user, now), "application/zip", "my-data.zip")
    commands.note_export(actor=request.user, now=now)
    return made


@login_required
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: SignedInRequest) -> HttpResponse:
    """Say exactly what goes and what stays; close the account once the user name was typed."""
    now = timezone.now()
    holds = holds_of(request.user, now)
    form = CloseForm(request.user.username, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        commands.close_account(actor=request.user, now=now)
        logout(request)
        return redirect("account_closed")
    page = {"form": form, "holds": holds}
    return render(request, "privacy/delete_account.html", page, status=422 if form.errors else 200)


@require_safe
def account_closed(request: HttpRequest) -> HttpResponse:
    """The last page; anybody may open it, and it says nothing of anybody."""
    return render(request, "privacy/account_closed.html")
