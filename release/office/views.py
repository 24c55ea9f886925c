"""The office's pages about releases: the list, one release, and each command with what it would do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.views.acting import done
from release.comparison import compare
from release.ledger import require_ledger_reader
from release.lifecycle import Command
from release.models import SHOWN_STATES, Release
from release.office import reading
from release.office.consequences import consequences
from release.office.forms import FORMS, ActForm
from release.office.giving import give, in_the_way, offered, require_offered
from release.publisher_keys import signature_problem
from release.store_checks import MOST_NAMED, known_damage, repair_command
from release.wording import BADGES, COMMAND_WORDS, MEANINGS

PAGE_ROWS = 50
DANGEROUS = (Command.WITHDRAW,)


@login_required
@never_cache
@require_safe
def releases(request: SignedInRequest) -> HttpResponse:
    """Every release with its state, whoever may know of it outside."""
    require_ledger_reader(request.user, timezone.now())
    rows = Paginator(reading.all_releases(), PAGE_ROWS).get_page(request.GET.get("page"))
    page = {"rows": rows, "lines": [(row, BADGES[row.state]) for row in rows]}
    return render(request, "release/office/releases.html", page)


@login_required
@never_cache
@require_safe
def release(request: SignedInRequest, model_id: str, version: str) -> HttpResponse:
    """Files, checks, signature, difference from the version before, who did what, and what can be done now."""
    now = timezone.now()
    require_ledger_reader(request.user, now)
    found = reading.any_release(model_id, version)
    older = reading.before(found)
    artifacts = list(found.artifacts.all())
    page = {
        **_heading(found),
        "artifacts": artifacts,
        "total_bytes": sum(artifact.size_bytes for artifact in artifacts),
        "commands": [
            (command, COMMAND_WORDS[command], command in DANGEROUS)
            for command in offered(found, request.user, FORMS, now)
        ],
        "in_the_way": in_the_way(found, request.user, now),
        "damaged": sorted(known_damage(found))[:MOST_NAMED],
        "cure": repair_command(found),
        "is_public": found.state in SHOWN_STATES,
        "signature_problem": signature_problem(found) if found.signature else None,
        "difference": None if older is None else compare(older, found),
        "history": reading.history(found),
    }
    return render(request, "release/office/release.html", page)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: SignedInRequest, model_id: str, version: str, command: str) -> HttpResponse:
    """What the command would do, and the button that gives it."""
    now = timezone.now()
    reading.require_manager(request.user, now)
    chosen = next((one for one in FORMS if one == command), None)
    if chosen is None:
        raise Http404
    found = reading.any_release(model_id, version)
    require_offered(found, request.user, chosen, now)
    form = FORMS[chosen](request.POST if request.method == "POST" else None, release=found)
    if request.method == "POST" and done(form, lambda: _give(found, chosen, form, request)):
        messages.success(request, _("Done: %(what)s.") % {"what": COMMAND_WORDS[chosen]})
        return redirect("office_release", model_id, version)
    page = {
        **_heading(found),
        "command": chosen,
        "words": COMMAND_WORDS[chosen],
        "is_dangerous": chosen in DANGEROUS,
        "consequences": consequences(found, chosen, now),
        "form": form,
    }
    return render(request, "release/office/act.html", page, status=422 if form.errors else 200)


def _give(found: Release, command: Command, form: ActForm, request: SignedInRequest) -> None:
    seen = form.cleaned_data["seen"]
    give(release=found, command=command, actor=request.user, seen=seen, now=timezone.now(), said=form.said())


def _heading(found: Release) -> dict[str, Any]:
    return {
        "release": found,
        "variant": found.variant,
        "badge": BADGES[found.state],
        "meaning": MEANINGS[found.state],
    }
