"""Whatever is done with one case: read the form, give the command, and lose nothing that was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.cockpit.act_form import ActForm
from access_portal.applications.cockpit.acts import ACTS, Act
from access_portal.applications.cockpit.case_file import find_case
from access_portal.applications.cockpit.preview import mails_of
from access_portal.applications.cockpit.staff import open_case
from access_portal.applications.models import Application
from access_portal.applications.views.case_page import Tried, show_case
from access_portal.errors import ConflictError, InvalidError
from access_portal.outbox.models import OutboxMail


@login_required
@require_POST
def act(request: SignedInRequest, number: str, name: str) -> HttpResponse:
    """Do it, or with `preview` only show the mail that it would send."""
    wanted = ACTS[name]
    application, form = _begin(request, number, wanted, name)
    if form.is_untouched:
        form.errors.clear()
        return _again(request, number, Tried(name, form), 200)
    if not form.is_valid():
        return _again(request, number, Tried(name, form), 422)
    looks = wanted.mails and "preview" in request.POST
    try:
        mails = _do(request, application, wanted, form, looks=looks)
    except InvalidError as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.explanation)
        return _again(request, number, Tried(name, form), 422)
    except ConflictError as problem:
        fresh = find_case(number)
        seen = form.cleaned_data.get("version", fresh.version)
        return _again(request, number, Tried(name, _on_top(request, wanted, name, fresh), problem, seen), 409)
    if looks:
        return _again(request, number, Tried(name, form, mails=mails), 200)
    messages.success(request, str(wanted.done))
    return redirect("review_queue") if wanted.leaves else redirect("review_case", number=number)


def _begin(request: SignedInRequest, number: str, wanted: Act, name: str) -> tuple[Application, ActForm]:
    application, __ = open_case(request.user, number, timezone.now())
    return application, wanted.form(request.POST, application=application, name=name)


def _do(
    request: SignedInRequest, application: Application, wanted: Act, form: ActForm, *, looks: bool
) -> list[OutboxMail]:
    """Give the command; with `looks`, only to read its mail."""
    told: dict[str, Any] = {"actor": request.user, "number": application.number, "now": timezone.now()}
    arguments = form.arguments()
    give: Callable[[], Any] = lambda: wanted.give(**told, **arguments)  # noqa: E731 - one thing, given once or tried
    if looks:
        return mails_of(give, application)
    give()
    return []


def _on_top(request: SignedInRequest, wanted: Act, name: str, fresh: Application) -> ActForm:
    """The same words in a form about the case as it is now: to be sent again after a look at what happened."""
    posted = request.POST.copy()
    posted["version"] = str(fresh.version)
    return wanted.form(posted, application=fresh, name=name)


def _again(request: SignedInRequest, number: str, tried: Tried, status: int) -> HttpResponse:
    now = timezone.now()
    application, who = open_case(request.user, number, now)
    return show_case(request, application, who, now, tried, status)
