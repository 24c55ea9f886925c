"""The office's pages about people: who has an account, one of them, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.models import Role, User
from access_portal.accounts.people import queries
from access_portal.accounts.people.acts import ACTS, ROLE_CHANGES, Act, acts_for
from access_portal.accounts.people.forms import RoleForm
from access_portal.accounts.people.gate import Sight, may_change, require_reader, sight_of
from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.policy import Action, Granted, Office, decide

ROWS = 50


@login_required
@never_cache
@require_safe
def people(request: SignedInRequest) -> HttpResponse:
    """Who has an account here."""
    require_reader(request.user, timezone.now())
    which = request.GET.get("show", "all")
    which = which if which in queries.FILTERS else "all"
    words = request.GET.get("q", "").replace("\x00", "").strip()[: queries.LONGEST_SEARCH]
    rows = Paginator(queries.people(which, words), ROWS).get_page(request.GET.get("page"))
    page = {"rows": rows, "which": which, "words": words, "roles": Role.choices}
    return render(request, "accounts/people.html", page)


@login_required
@never_cache
@require_safe
def person(request: SignedInRequest, username: str) -> HttpResponse:
    """One account: facts, roles, what can be done, what hangs on it, what happened."""
    require_reader(request.user, timezone.now())
    return _page(request, queries.person_named(username), {})


@login_required
@require_POST
def act(request: SignedInRequest, username: str, name: str) -> HttpResponse:
    """Do one of the acts that the page offers."""
    require_reader(request.user, timezone.now())
    found, chosen = queries.person_named(username), ACTS.get(name)
    if chosen is None:
        raise Http404
    form = chosen.form(request.POST, auto_id=f"{name}_%s")
    if form.is_valid() and _give(request, chosen, form, found):
        flash.success(request, str(chosen.done))
        return redirect("person", username)
    return _page(request, found, {name: form}, status=422)


@login_required
@require_POST
def change_role(request: SignedInRequest, username: str, name: str) -> HttpResponse:
    """Give or take a role."""
    now = timezone.now()
    require_reader(request.user, now)
    found, change = queries.person_named(username), ROLE_CHANGES.get(name)
    if change is None:
        raise Http404
    change(person=found, role=request.POST.get("role", ""), actor=request.user, now=now)
    flash.success(request, _("Done: it counts at once. They were told by mail."))
    return redirect("person", username)


def _give(request: SignedInRequest, act: Act, form: Form, found: User) -> bool:
    """Whether the command took it; what it said instead stands in the form."""
    said = {field: value for field, value in form.cleaned_data.items() if field != "sure"}
    try:
        act.command(person=found, actor=request.user, now=timezone.now(), **said)
    except (InvalidError, ConflictError) as problem:
        form.add_error(None, f"{problem.explanation} {problem.remedy}".strip())
        return False
    return True


def _page(request: SignedInRequest, found: User, tried: Mapping[str, Form], status: int = 200) -> HttpResponse:
    now = timezone.now()
    facts, sight = queries.facts_of(found, now), sight_of(request.user, found, now)
    is_open = may_change(request.user, found, now)
    acts = acts_for(found, facts, tried) if is_open else {}
    page = {
        "person": found,
        "facts": facts,
        "sight": sight,
        "acts": [_shown(name, each, tried) for name, each in acts.items()],
        "give": RoleForm(auto_id="give_%s") if is_open and found.is_active else None,
        "may_change": is_open,
        "may_stop": isinstance(decide(request.user, Action.STOP, Office(), now), Granted),
        "is_self": found == request.user,
        "history": queries.history_of(found),
        **_hangs_on(request.user, found, sight),
    }
    return render(request, "accounts/person.html", page, status=status)


def _hangs_on(reader: User, found: User, sight: Sight) -> dict[str, Any]:
    """Lists that this reader may see; None leaves one out."""
    return {
        "cases": queries.cases_of(found, reader) if sight.cases else None,
        "grants": queries.grants_held(found) if sight.grants else None,
        "stops": queries.stops_of(found) if sight.stops else None,
    }


def _shown(name: str, act: Act, tried: Mapping[str, Form]) -> dict[str, Any]:
    return {
        "name": name,
        "act": act,
        "form": tried.get(name) or act.form(auto_id=f"{name}_%s"),
        "is_open": name in tried,
    }
