"""Pages of whoever holds a grant or is of its lab."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants import commands, reading
from access_portal.grants.conditions import RENEWAL_WINDOW, has_current_licence
from access_portal.grants.daily_bytes import daily_bytes
from access_portal.grants.forms import ActForm, AttestForm, RenewForm, SurrenderForm
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Grant
from access_portal.grants.standing import allowed_commands, require_command, state_of
from access_portal.grants.views.acting import done
from access_portal.grants.wording import BADGES, MEANINGS
from access_portal.licences.queries import current_version

GET_AND_POST = ["GET", "HEAD", "POST"]


@login_required
@require_safe
def my_grants(request: SignedInRequest) -> HttpResponse:
    """What this person may use, why, and until when: grants they hold, and those of their labs."""
    page = {"grants": reading.my_grants(request.user), "now": timezone.now()}
    return render(request, "grants/my_grants.html", page)


@login_required
@require_safe
def grant(request: SignedInRequest, number: str) -> HttpResponse:
    """Everything about one grant, and what its holder can do with it now."""
    now, found = timezone.now(), reading.my_grant(request.user, number)
    page = {
        **facts(found, request, number),
        "allowed": allowed_commands(found, request.user, now),
        "today": daily_bytes(found, now),
        "history": reading.history(found, request.user, for_office=False),
        "renewal": reading.last_renewal(found),
        "transfer": reading.open_transfer(found),
        "places": reading.places_of(found) if found.kind == Grant.Kind.LAB else [],
        "attest_overdue": found.attest_due_at is not None and found.attest_due_at <= now,
        "renewal_from": found.ends_at - RENEWAL_WINDOW,
        "renewal_until": found.ends_at + RENEWAL_WINDOW,
    }
    return render(request, "grants/grant.html", page)


@login_required
@require_http_methods(GET_AND_POST)
def attest(request: SignedInRequest, number: str) -> HttpResponse:
    """The yearly word."""
    found = reading.my_grant(request.user, number)
    form = AttestForm(request.POST or None, grant=found)

    def act() -> None:
        commands.attest(actor=request.user, number=number, now=timezone.now(), **_said(form))

    if request.method == "POST" and done(form, act):
        messages.success(request, _("Thank you. Your word is kept with the grant."))
        return redirect("grant", number)
    return _form_page(request, found, Command.ATTEST, form, "grants/attest.html")


@login_required
@require_http_methods(GET_AND_POST)
def renew(request: SignedInRequest, number: str) -> HttpResponse:
    """Report and ask to go on."""
    found = reading.my_grant(request.user, number)
    form = RenewForm(request.POST or None, grant=found)

    def act() -> None:
        commands.ask_renewal(actor=request.user, number=number, now=timezone.now(), **_said(form))

    if request.method == "POST" and done(form, act):
        messages.success(request, _("Sent. A person reads it, and you get a mail with the answer."))
        return redirect("grant", number)
    more = {"current": current_version(found.family.weights_licence)}
    if request.method != "POST" and not has_current_licence(found, found.holder_id):
        return _page(request, found, {"form": form, "licence_first": True, **more}, "grants/renew.html")
    return _form_page(request, found, Command.ASK_RENEWAL, form, "grants/renew.html", more)


@login_required
@require_http_methods(GET_AND_POST)
def surrender(request: SignedInRequest, number: str) -> HttpResponse:
    """Give the grant back."""
    found = reading.my_grant(request.user, number)
    form = SurrenderForm(request.POST or None, grant=found)

    def act() -> None:
        commands.surrender(actor=request.user, number=number, now=timezone.now(), **_said(form))

    if request.method == "POST" and done(form, act):
        messages.success(request, _("The grant is given back. Thank you for saying what became of the copies."))
        return redirect("grant", number)
    return _form_page(request, found, Command.SURRENDER, form, "grants/surrender.html")


def facts(found: Grant, request: SignedInRequest, number: str) -> dict[str, Any]:
    """What every page about a grant says of it."""
    now = timezone.now()
    state = state_of(found, now)
    return {
        "grant": found,
        "number": number,
        "state": state,
        "badge": BADGES[state],
        "meaning": MEANINGS[state],
        "is_holder": found.holder_id == request.user.pk,
        "later": found.superseded_by.exclude(state=Grant.State.UNDONE).first(),
        "now": now,
    }


def _said(form: ActForm) -> dict[str, Any]:
    return {"version": form.cleaned_data["version"], **form.said()}


def _form_page(
    request: SignedInRequest,
    found: Grant,
    command: Command,
    form: ActForm,
    template: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form, for whoever may send it now; everybody else reads why not."""
    require_command(found, request.user, command, timezone.now())
    return _page(request, found, {"form": form, **(more or {})}, template)


def _page(request: SignedInRequest, found: Grant, page: dict[str, Any], template: str) -> HttpResponse:
    status = 422 if page["form"].errors else 200
    return render(request, template, {**facts(found, request, str(found.number)), **page}, status=status)
