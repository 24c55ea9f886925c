"""Pages of a lab: who is of it, inviting, joining, leaving, passing it on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access_portal.accounts.models import User
from access_portal.accounts.requests import SignedInRequest
from access_portal.grants import commands, reading
from access_portal.grants.commands.lab import invitation, require_address
from access_portal.grants.conditions import MEMBERS_AT_MOST
from access_portal.grants.forms import AskTransferForm, InviteForm, JoinForm
from access_portal.grants.lifecycle import Condition
from access_portal.grants.models import Grant, GrantMember
from access_portal.grants.obstacles import refusal
from access_portal.grants.standing import INVITATION_LASTS, allowed_commands, page_for, state_of
from access_portal.grants.views.acting import done
from access_portal.grants.views.own import facts
from access_portal.licences.markdown import to_safe_html
from access_portal.licences.queries import current_version


@login_required
@require_safe
def members(request: SignedInRequest, number: str) -> HttpResponse:
    """Who is of the lab, who is invited, and the forms of its holder."""
    return _members_page(request, _lab(request, number))


@login_required
@require_POST
def invite(request: SignedInRequest, number: str) -> HttpResponse:
    """Invite somebody by name and address."""
    found = _lab(request, number)
    form = InviteForm(request.POST, grant=found, prefix="invite_")

    def act() -> None:
        commands.invite(actor=request.user, number=number, now=timezone.now(), **form.cleaned_data)

    if done(form, act):
        messages.success(request, _("Invited. The link is on its way to %(to)s.") % {"to": form.cleaned_data["email"]})
        return redirect("grant_members", number)
    return _members_page(request, found, invite_form=form)


@login_required
@require_POST
def remove(request: SignedInRequest, number: str, pk: int) -> HttpResponse:
    """Take a place away; from the lab's page or the office's."""
    reason = request.POST.get("reason", "")
    place = commands.remove_member(actor=request.user, number=number, member_id=pk, reason=reason, now=timezone.now())
    messages.success(request, _("%(name)s has no place in this lab any more.") % {"name": place.name or place.email})
    return redirect(f"{page_for(place.grant, request.user)}#members")


@login_required
@require_POST
def leave(request: SignedInRequest, number: str) -> HttpResponse:
    """Go, as a member."""
    commands.leave(actor=request.user, number=number, now=timezone.now())
    messages.success(request, _("You have left the lab."))
    return redirect("my_grants")


@login_required
@require_POST
def ask_transfer(request: SignedInRequest, number: str) -> HttpResponse:
    """Ask that the lab passes to a member."""
    found = _lab(request, number)
    form = AskTransferForm(request.POST, grant=found, prefix="transfer_")

    def act() -> None:
        commands.ask_transfer(actor=request.user, number=number, now=timezone.now(), **form.cleaned_data)

    if done(form, act):
        messages.success(request, _("Sent. A person reads it, and you get a mail with the answer."))
        return redirect("grant_members", number)
    return _members_page(request, found, transfer_form=form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link of an invitation leads: read, accept, and be of the lab."""
    now = timezone.now()
    place = invitation(token, now)
    user = request.user if isinstance(request.user, User) else None
    if user is None:
        page = {"place": place, "grant": place.grant, "until": place.invited_at + INVITATION_LASTS}
        return render(request, "grants/join_signed_out.html", page)
    require_address(place, user)
    version = current_version(place.grant.family.weights_licence)
    assert version is not None
    form = JoinForm(request.POST or None, initial={"sha256": version.sha256})
    if request.method == "POST" and form.is_valid():
        sha256 = form.cleaned_data["sha256"]
        commands.join(actor=user, token=token, shown_sha256=sha256, capacity="self", now=now)
        messages.success(request, _("Welcome. From now on you can use what the lab's grant covers."))
        return redirect("grant", str(place.grant.number))
    return _join_page(request, place, version, form)


def _join_page(request: HttpRequest, place: GrantMember, version: Any, form: JoinForm) -> HttpResponse:
    page = {
        "place": place,
        "grant": place.grant,
        "until": place.invited_at + INVITATION_LASTS,
        "works": state_of(place.grant, timezone.now()) == Grant.State.ACTIVE,
        "version": version,
        "text": to_safe_html(version.text),
        "form": form,
    }
    return render(request, "grants/join.html", page, status=422 if form.errors else 200)


def _lab(request: SignedInRequest, number: str) -> Grant:
    found = reading.my_grant(request.user, number)
    if found.kind != Grant.Kind.LAB:
        raise refusal(Condition.LAB, found, Grant.State(found.state), page_for(found, request.user))
    return found


def _members_page(request: SignedInRequest, found: Grant, **forms: Any) -> HttpResponse:
    now = timezone.now()
    places = reading.places_of(found)
    page = {
        **facts(found, request, str(found.number)),
        "allowed": allowed_commands(found, request.user, now),
        "joined": [place for place in places if place.joined_at],
        "invited": [(place, place.invited_at + INVITATION_LASTS) for place in places if not place.joined_at],
        "gone": reading.gone_from(found),
        "most": MEMBERS_AT_MOST,
        "transfer": reading.open_transfer(found),
        "invite_form": InviteForm(grant=found, prefix="invite_"),
        "transfer_form": AskTransferForm(grant=found, prefix="transfer_"),
        **forms,
    }
    return render(
        request, "grants/members.html", page, status=422 if any(form.errors for form in forms.values()) else 200
    )
