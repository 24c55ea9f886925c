"""The page on which a person answers a program that asks to be signed in."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access_portal.accounts.devices import commands
from access_portal.accounts.devices.codes import in_two, typed
from access_portal.accounts.devices.forms import AnswerForm, CodeForm
from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.devices.queries import offered
from access_portal.accounts.models import Scope
from access_portal.accounts.requests import SignedInRequest
from access_portal.client_address import client_address
from access_portal.errors import NotFoundError


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: SignedInRequest) -> HttpResponse:
    """Take a code, show who asks under it, and pass the answer on. A link with `?code=` only fills the first in."""
    now = timezone.now()
    if request.method != "POST":
        return _look(request, CodeForm({"code": request.GET["code"]}) if "code" in request.GET else None, now)
    answer = request.POST.get("answer", "")
    if answer == "allow":
        return _allow(request, now)
    if answer == "refuse":
        commands.refuse(actor=request.user, code=request.POST.get("code", ""), address=client_address(request), now=now)
        flash.success(request, _("Refused. The program was given nothing."))
        return redirect("tokens")
    return _look(request, CodeForm(request.POST), now)


def _look(request: SignedInRequest, form: CodeForm | None, now: datetime) -> HttpResponse:
    """Ask for a code; once there is one, show the request that waits under it."""
    if form is None or not form.is_valid():
        return _ask_code(request, form or CodeForm(), 422 if form else 200)
    code = form.cleaned_data["code"]
    try:
        asked = commands.look_up(actor=request.user, code=code, address=client_address(request), now=now)
    except NotFoundError as unknown:
        form.add_error("code", f"{unknown.explanation} {unknown.remedy}")
        return _ask_code(request, form, 404)
    return _show(request, AnswerForm(asked, request.user, code), asked, 200)


def _allow(request: SignedInRequest, now: datetime) -> HttpResponse:
    code, address = typed(request.POST.get("code", "")), client_address(request)
    asked = commands.look_up(actor=request.user, code=code, address=address, now=now)
    form = AnswerForm(asked, request.user, code, request.POST)
    if not form.is_valid():
        return _show(request, form, asked, 422)
    chosen = {name: form.cleaned_data[name] for name in ("scopes", "name", "days")}
    commands.allow(actor=request.user, code=code, address=address, now=now, **chosen)
    flash.success(request, _("Allowed. Go back to your program: in a few seconds it is signed in, and its token here."))
    return redirect("tokens")


def _ask_code(request: HttpRequest, form: CodeForm, status: int) -> HttpResponse:
    return render(request, "accounts/activate.html", {"form": form}, status=status)


def _show(request: SignedInRequest, form: AnswerForm, asked: DeviceRequest, status: int) -> HttpResponse:
    here = client_address(request)
    page = {
        "form": form, "asked": asked, "code": in_two(form.initial["code"]), "here": here,
        "is_elsewhere": asked.address != here,
        "left_out": [Scope(name).label for name in asked.scopes if name not in offered(asked, request.user)],
    }  # fmt: skip
    return render(request, "accounts/activate_answer.html", page, status=status)
