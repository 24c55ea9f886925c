"""Following: one's applications, one of them in full, and the page for whoever holds the link."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.disclosure import entries, stand_of
from access_portal.applications.eligibility import opens_again
from access_portal.applications.following import applications_of, open_requests, own_application, rounds_of, thread
from access_portal.applications.models import Application, State, Verdict
from access_portal.applications.reasons import REASONS
from access_portal.applications.review_policy import appeal_until
from access_portal.applications.standing import allowed_commands, not_found
from access_portal.applications.workflow import Command
from access_portal.grants.models import Grant

BEFORE_DISCLOSURE = frozenset({Command.WITHDRAW, Command.MESSAGE})  # what is offered while a step can be undone


@login_required
@require_safe
def my_applications(request: SignedInRequest) -> HttpResponse:
    """All applications of this person, those that wait for them first."""
    now = timezone.now()
    rows = [(row, stand_of(row, now)) for row in applications_of(request.user)]
    return render(request, "applications/my_applications.html", {"rows": rows})


@login_required
@require_safe
def application(request: SignedInRequest, number: str) -> HttpResponse:
    """One's own application: where it stands, who acts next, what was said, sent and decided."""
    return application_page(request, own_application(request.user, number))


def application_page(request: SignedInRequest, found: Application, status: int = 200, **more: Any) -> HttpResponse:
    """The page of `application`, also for a message that could not be sent."""
    now = timezone.now()
    stand = stand_of(found, now)
    allowed = allowed_commands(found, request.user, now)
    disclosed = found.is_disclosed(now)
    page = {
        "application": found,
        "stand": stand,
        "timeline": entries(found, request.user, now),
        "allowed": allowed if disclosed else allowed & BEFORE_DISCLOSURE,
        "thread": thread(found),
        "requests": open_requests(found) if stand.state == State.INFO_REQUESTED else [],
        "rounds": rounds_of(found, with_open_requests=disclosed),
        "appeal": getattr(found, "appeal", None),
        **(_answer(found) if disclosed else {}),
        **more,
    }
    return render(request, "applications/application.html", page, status=status)


@require_safe
def status(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    """For whoever holds the link of the receipt: state, dates and who acts next; no name, no answer, no decision."""
    now = timezone.now()
    found = Application.objects.filter(number=number).exclude(status_digest="").first()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    if not hmac.compare_digest(digest, found.status_digest if found else "0" * 64) or found is None:
        raise not_found(number)
    page = {"number": number, "stand": stand_of(found, now), "sent_at": found.submitted_at, "now": now}
    response = render(request, "applications/status.html", {**page, "answered_at": _answered_at(found, now)})
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _answered_at(found: Application, now: datetime) -> datetime | None:
    if found.decision is None or not found.is_disclosed(now):
        return None
    return found.decision.confirmed_at or found.decision.at


def _answer(found: Application) -> dict[str, Any]:
    """The decision in words, what can be done about it and until when, and the grants that came of it."""
    decision = found.decision
    if decision is None:
        return {"grants": []}
    return {
        "decision": decision,
        "answered_at": decision.confirmed_at or decision.at,
        "reason": REASONS.get(decision.code),
        "is_fixable": decision.verdict == Verdict.REFUSE_FIXABLE and found.state != State.REFUSED_FINAL,
        "is_approval": decision.verdict == Verdict.APPROVE,
        "opens_again": opens_again(decision),
        "appeal_until": appeal_until(found),
        "grants": found.grants.exclude(state=Grant.State.UNDONE).prefetch_related("variants"),
    }
