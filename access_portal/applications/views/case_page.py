"""The page of a case, shown by every view that has something to say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.cockpit.act_form import ActForm
from access_portal.applications.cockpit.acts import ACTS, Act
from access_portal.applications.cockpit.canned import QUESTIONS
from access_portal.applications.cockpit.case_file import CaseFile
from access_portal.applications.cockpit.deciding_forms import prepared_refusal
from access_portal.applications.cockpit.related import related_to
from access_portal.applications.cockpit.reviewing_forms import prepared_asks
from access_portal.applications.cockpit.wanted import Wanted
from access_portal.applications.models import Application, State
from access_portal.applications.reasons import REASONS
from access_portal.applications.review_policy import needs_four_eyes
from access_portal.applications.standing import unmet
from access_portal.applications.wording import BADGES
from access_portal.applications.workflow import Command, Who, allowed
from access_portal.errors import GatehouseError
from access_portal.outbox.models import OutboxMail

QUEUE = "review_queue"  # of the session: the view of the queue that the reviewer came from


@dataclass(frozen=True)
class Tried:
    """An act that did not go through, or was only looked at: what was typed stays in its form."""

    name: str
    form: ActForm
    problem: GatehouseError | None = None
    seen: int = 0  # the version that was on the screen
    mails: list[OutboxMail] | None = None


@dataclass(frozen=True)
class Offered:
    """One act as the page shows it."""

    name: str
    act: Act
    form: ActForm
    path: str  # that it is posted to
    is_open: bool
    mails: list[OutboxMail] | None

    @property
    def is_button(self) -> bool:
        """Whether there is nothing to fill in."""
        return not self.form.visible_fields()


def show_case(
    request: SignedInRequest,
    application: Application,
    who: frozenset[Who],
    now: datetime,
    tried: Tried | None = None,
    status: int = 200,
) -> HttpResponse:
    """Everything about it on one page."""
    file = CaseFile(application, request.user)
    can = allowed(State(application.state), who, unmet(application, request.user, who, now))
    offered = offer(request, application, can, who, tried)
    wanted = Wanted.parse(request.session.get(QUEUE, ""))
    page = {
        "application": application,
        "file": file,
        "badge": BADGES[application.state],
        "acts": offered,
        "can": {str(command) for command in can},
        "tried": tried,
        "since": file.since(tried.seen) if tried and tried.problem else [],
        "lost": tried.form.typed if tried and tried.problem and tried.name not in offered else [],
        "related": related_to(application, _said(file, "institution"), _said(file, "position")),
        "wanted": wanted,
        "held_by_other": application.held_by_other(request.user.pk, now),
        "overdue": application.is_overdue(now),
        "four_eyes": application.is_open and needs_four_eyes(application),
        "reason": REASONS.get(application.decision.code) if application.decision else None,
        "reasons": REASONS,
        "questions": QUESTIONS,
        "now": now,
    }
    return render(request, "applications/review_case.html", page, status=status)


def offer(
    request: SignedInRequest,
    application: Application,
    can: frozenset[Command],
    who: frozenset[Who],
    tried: Tried | None,
) -> Mapping[str, Offered]:
    """The acts that this person may do now, each with its form: the one tried as it was, the others fresh."""
    offered = {}
    for name, act in ACTS.items():
        if act.command not in can and not (act.command is None and Who.REVIEWER in who):
            continue
        mine = tried if tried is not None and tried.name == name else None
        words = _prepared(request, application, name)
        form = mine.form if mine else act.form(application=application, name=name, prepared=words)
        path = reverse(f"review_{name}", args=[application.number])
        offered[name] = Offered(name, act, form, path, bool(mine or words), mine.mails if mine else None)
    return offered


def _prepared(request: SignedInRequest, application: Application, name: str) -> dict[str, Any]:
    """The words that somebody without JavaScript chose by a link on the page."""
    if name == "ask":
        return prepared_asks(application, request.GET.getlist("ask"), request.GET.get("about", ""))
    if name in ("refuse", "propose_final"):
        return prepared_refusal(request.GET.get(name, ""))
    return {}


def _said(file: CaseFile, question: str) -> str:
    return str(file.answers.get(question, ""))
