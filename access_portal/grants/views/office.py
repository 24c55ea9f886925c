"""The office's pages about grants: lists, one grant with what can be done, revocations that wait for an answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants import commands, reading
from access_portal.grants.conditions import RATIFY_WITHIN, has_current_licence, open_revocation
from access_portal.grants.daily_bytes import daily_bytes
from access_portal.grants.forms import OFFICE_FORMS, ActForm
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Grant
from access_portal.grants.standing import allowed_commands, require_any_reader, require_reader
from access_portal.grants.views.acting import done
from access_portal.grants.views.own import facts
from access_portal.grants.wording import BADGES, COMMAND_WORDS

PAGE_ROWS = 50
DANGEROUS = (Command.RATIFY_REVOCATION, Command.REVOKE_AT_ONCE, Command.SUSPEND)


@login_required
@require_safe
def grants(request: SignedInRequest) -> HttpResponse:
    """Lists of grants, and a search in them."""
    now = timezone.now()
    require_any_reader(request.user, now)
    which, search = request.GET.get("show", "live"), request.GET.get("q", "")
    which = which if which in reading.LISTS else "live"
    found = reading.grants_for_office("all" if search.strip() else which, search, now)
    page = {
        "rows": Paginator(found, PAGE_ROWS).get_page(request.GET.get("page")),
        "which": which,
        "search": search.strip()[: reading.LONGEST_SEARCH],
        "counts": reading.counts(now),
        "badges": BADGES,
        "now": now,
    }
    return render(request, "grants/office_grants.html", page)


@login_required
@require_safe
def revocations(request: SignedInRequest) -> HttpResponse:
    """What waits for a second person, and how earlier ones ended."""
    require_any_reader(request.user, timezone.now())
    page = {
        "waiting": [(row, row.proposed_at + RATIFY_WITHIN) for row in reading.revocations_to_answer()],
        "answered": Paginator(reading.answered_revocations(), PAGE_ROWS).get_page(request.GET.get("page")),
    }
    return render(request, "grants/revocations.html", page)


@login_required
@require_safe
def grant_case(request: SignedInRequest, number: str) -> HttpResponse:
    """One grant: facts, members, history, and what this person may do with it now."""
    return _case_page(request, _grant(request, number))


@login_required
@require_POST
def act(request: SignedInRequest, number: str, command: str) -> HttpResponse:
    """Give one of the commands that the page of a grant offers."""
    chosen = next((one for one in OFFICE_FORMS if one == command), None)
    if chosen is None:
        raise Http404
    found = _grant(request, number)
    form = _form(chosen, found, request)

    def give() -> None:
        said = {"version": form.cleaned_data["version"], **form.said()}
        getattr(commands, chosen.value)(actor=request.user, number=number, now=timezone.now(), **said)

    if done(form, give):
        messages.success(
            request, _("Done: %(what)s. Those whom it concerns get a mail.") % {"what": COMMAND_WORDS[chosen]}
        )
        return redirect("grant_case", number)
    return _case_page(request, found, {chosen: form})


def _grant(request: SignedInRequest, number: str) -> Grant:
    now = timezone.now()
    require_any_reader(request.user, now)
    found = reading.any_grant(number)
    require_reader(found, request.user, now)
    return found


def _form(command: Command, found: Grant, request: SignedInRequest | None = None) -> ActForm:
    return OFFICE_FORMS[command](request.POST if request else None, grant=found, prefix=f"{command}_")


def _case_page(request: SignedInRequest, found: Grant, tried: dict[Command, ActForm] | None = None) -> HttpResponse:
    now = timezone.now()
    allowed = allowed_commands(found, request.user, now)
    places = reading.places_of(found)
    proposal = open_revocation(found)
    page: dict[str, Any] = {
        **facts(found, request, str(found.number)),
        "acts": _acts(found, allowed, tried or {}, has_members=any(place.joined_at for place in places)),
        "may_remove": Command.REMOVE_MEMBER in allowed,
        "places": places,
        "gone": reading.gone_from(found),
        "today": daily_bytes(found, now),
        "history": reading.history(found, request.user, for_office=True),
        "notices": found.notices.order_by("-sent_at", "-pk"),
        "attestations": found.attestations.select_related("by").order_by("-at"),
        "renewal": reading.last_renewal(found),
        "transfer": reading.open_transfer(found),
        "revocation": proposal,
        "ratify_until": proposal and proposal.proposed_at + RATIFY_WITHIN,
        "has_current_licence": has_current_licence(found, found.holder_id),
    }
    return render(request, "grants/office_grant.html", page, status=422 if tried else 200)


def _acts(
    found: Grant, allowed: frozenset[Command], tried: dict[Command, ActForm], *, has_members: bool
) -> list[dict[str, Any]]:
    """The commands that can be given now, each with its form; the lifecycle decides, this only shows."""
    offered = [command for command in OFFICE_FORMS if command in allowed or command in tried]
    return [
        {
            "command": command,
            "words": COMMAND_WORDS[command],
            "form": tried.get(command) or _form(command, found),
            "is_open": command in tried,
            "is_dangerous": command in DANGEROUS,
        }
        for command in offered
        if command != Command.ASK_TRANSFER or has_members
    ]
