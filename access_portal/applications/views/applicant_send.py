"""Sending: all answers once more, then the licence in full, then the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands
from access_portal.applications.families import Family
from access_portal.applications.following import (
    changes_since_sent,
    lines,
    open_requests,
    own_application,
    unmet_requests,
)
from access_portal.applications.forms import definition_of
from access_portal.applications.models import Application, State
from access_portal.applications.progress import progress_of
from access_portal.applications.views.applicant_draft import elsewhere, is_writable, posted_version
from access_portal.errors import ConflictError, InvalidError
from access_portal.licences.difference import difference
from access_portal.licences.markdown import to_safe_html
from access_portal.licences.models import LicenceVersion
from access_portal.licences.queries import acceptance_of, current_version

STEPS = ("answers", "licence")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review_and_send(request: SignedInRequest, number: str) -> HttpResponse:
    """`?step=licence` is the second step; whoever sends again under a text that they accepted needs only the first."""
    application = own_application(request.user, number)
    if not is_writable(application):
        return elsewhere(request, application)
    licence = _licence_of(application.family)
    if request.method == "POST":
        return _send(request, application, licence)
    if request.GET.get("step") == "licence" and not what_is_missing(application):
        return _licence_page(request, application, licence)
    return _answers_page(request, application, licence)


def what_is_missing(application: Application) -> bool:
    """Whether something still stands in the way of sending."""
    return any(section.missing for section in progress_of(application)) or bool(
        unmet_requests(application, open_requests(application))
    )


def _send(request: SignedInRequest, application: Application, licence: LicenceVersion) -> HttpResponse:
    if not request.POST.get("agree"):
        return _licence_page(request, application, licence, status=422, not_agreed=True)
    try:
        _command(request, application)()
    except InvalidError:
        return _answers_page(request, application, licence, status=422)
    except ConflictError as problem:
        return _not_sent(request, application, licence, problem)
    again = application.state == State.INFO_REQUESTED
    messages.success(request, _sent_again() if again else _sent())
    return redirect("application", number=application.number)


def _command(request: SignedInRequest, application: Application) -> Callable[[], Application]:
    version_id = request.POST.get("licence_version", "")
    common: dict[str, Any] = {
        "actor": request.user,
        "number": str(application.number),
        "version": posted_version(request),
        "licence_version_id": int(version_id) if version_id.isascii() and version_id.isdigit() else 0,
        "shown_sha256": request.POST.get("licence_sha256", ""),
        "now": timezone.now(),
    }
    if application.state == State.INFO_REQUESTED:
        replies = {asked.pk: asked.reply for asked in open_requests(application)}
        return lambda: commands.resubmit(replies=replies, **common)
    return lambda: commands.submit_application(**common)


def _sent() -> str:
    return _("Thank you. We have your application, and a receipt is on its way by mail.")


def _sent_again() -> str:
    return _("Thank you. We have your answer, and the reviewer is told.")


def _not_sent(
    request: SignedInRequest, application: Application, shown: LicenceVersion, problem: ConflictError
) -> HttpResponse:
    fresh = own_application(request.user, str(application.number))
    if not is_writable(fresh):  # the other click of two has sent it
        return elsewhere(request, fresh)
    if problem.code == "stale_version":
        return _answers_page(request, fresh, shown, status=409, changed_elsewhere=True)
    if problem.code == "licence_changed":
        licence = _licence_of(fresh.family)
        return _licence_page(
            request, fresh, licence, status=409, passages=_what_changed(request, licence), changed=True
        )
    raise problem


def _what_changed(request: SignedInRequest, licence: LicenceVersion) -> list[Any]:
    """From the text that was on the screen to the current one; nothing when it was none of this licence."""
    shown = request.POST.get("licence_sha256", "")
    old = LicenceVersion.objects.filter(licence_id=licence.licence_id, sha256=shown).exclude(pk=licence.pk).first()
    return difference(old.text, licence.text) if old else []


def _answers_page(
    request: SignedInRequest, application: Application, licence: LicenceVersion, status: int = 200, **more: Any
) -> HttpResponse:
    definition = definition_of(application)
    requests = open_requests(application)
    accepted = acceptance_of(request.user, licence)
    page = {
        "application": application,
        "lines": lines(application, definition, application.answers),
        "sections": definition.sections,
        "progress": progress_of(application),
        "requests": requests,
        "unmet": unmet_requests(application, requests),
        "changes": changes_since_sent(application, definition),
        "incomplete": what_is_missing(application),
        "licence": licence,
        # Nobody has to read twice what has not changed since they accepted it for this very application.
        "acceptance": accepted if application.rounds else None,
        **more,
    }
    return render(request, "applications/send_answers.html", page, status=status)


def _licence_page(
    request: SignedInRequest, application: Application, licence: LicenceVersion, status: int = 200, **more: Any
) -> HttpResponse:
    page = {
        "application": application,
        "family": application.family,
        "licence": licence,
        "licence_text": to_safe_html(licence.text),
        **more,
    }
    return render(request, "applications/send_licence.html", page, status=status)


def _licence_of(family: Family) -> LicenceVersion:
    licence = current_version(family.weights_licence)
    if licence is None:
        raise ConflictError(
            "licence_missing",
            _("%(family)s has no licence text yet, so nobody can apply for it.") % {"family": family.name},
            _("Your draft is kept. The page of the family says more."),
            reverse("family", args=[family.slug]),
        )
    return licence
