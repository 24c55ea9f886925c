"""Pages of reviewers and deciders: the queue, a case, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands, queries
from access_portal.applications.decision_forms import ApproveForm, RefuseForm
from access_portal.applications.evidence import evidence_for
from access_portal.applications.models import Application
from access_portal.applications.reasons import REASONS
from access_portal.applications.standing import allowed_commands
from access_portal.applications.wording import BADGES
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action, Office, require

PAGE_ROWS = 50


@login_required
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """The cases that wait, or another of `queries.FILTERS`."""
    now = timezone.now()
    require(request.user, Action.REVIEW, Office(), now)
    which = request.GET.get("show", "open")
    which = which if which in queries.FILTERS else "open"
    rows = Paginator(queries.queue(request.user, which, now), PAGE_ROWS).get_page(request.GET.get("page"))
    page = {"rows": rows, "which": which, "counts": queries.counts(request.user, now), "badges": BADGES, "now": now}
    return render(request, "applications/review_queue.html", page)


@login_required
@require_safe
def case(request: SignedInRequest, number: str) -> HttpResponse:
    """One case; `?reason=` begins a refusal with the words kept for that reason."""
    found = _case(request, number)
    return _case_page(request, found, refuse_code=request.GET.get("reason", ""))


@login_required
@require_POST
def claim(request: SignedInRequest, number: str) -> HttpResponse:
    """Take the case."""
    _case(request, number)
    commands.claim(actor=request.user, number=number, version=_version(request), now=timezone.now())
    messages.success(request, _("It is yours for two hours."))
    return redirect("review_case", number=number)


@login_required
@require_POST
def release(request: SignedInRequest, number: str) -> HttpResponse:
    """Give the case back."""
    _case(request, number)
    commands.release(actor=request.user, number=number, version=_version(request), now=timezone.now())
    messages.success(request, _("It is back in the queue."))
    return redirect("review_case", number=number)


@login_required
@require_POST
def approve(request: SignedInRequest, number: str) -> HttpResponse:
    """Answer with a grant."""
    found = _case(request, number)
    form = ApproveForm(request.POST, application=found)

    def act() -> None:
        version = form.cleaned_data["version"]
        commands.approve(actor=request.user, number=number, version=version, terms=form.terms(), now=timezone.now())

    if form.is_valid() and _done(form, act):
        messages.success(request, _("Approved. The grant is made, and the applicant is told by mail."))
        return redirect("review_case", number=number)
    return _case_page(request, found, approve_form=form)


@login_required
@require_POST
def refuse(request: SignedInRequest, number: str) -> HttpResponse:
    """Answer with reasons."""
    found = _case(request, number)
    form = RefuseForm(request.POST, application=found)

    def act() -> None:
        version = form.cleaned_data["version"]
        commands.refuse_fixable(actor=request.user, number=number, version=version, now=timezone.now(), **form.said())

    if form.is_valid() and _done(form, act):
        messages.success(request, _("Refused. The applicant is told by mail."))
        return redirect("review_case", number=number)
    return _case_page(request, found, refuse_form=form)


def _case(request: SignedInRequest, number: str) -> Application:
    require(request.user, Action.REVIEW, Office(), timezone.now())
    return queries.case_to_review(number)


def _version(request: SignedInRequest) -> int:
    """The version on the screen; one that is no number is older than any."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _done(form: forms.Form, act: Callable[[], None]) -> bool:
    """Whether the command went through; what it says about a field goes to that field."""
    try:
        act()
    except InvalidError as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.explanation)
        return False
    return True


def _case_page(
    request: SignedInRequest,
    found: Application,
    *,
    approve_form: ApproveForm | None = None,
    refuse_form: RefuseForm | None = None,
    refuse_code: str = "",
) -> HttpResponse:
    now = timezone.now()
    own = found.applicant_id == request.user.pk
    page = {
        "application": found,
        "badge": BADGES[found.state],
        "timeline": queries.timeline(found, request.user),
        "evidence": None if own else evidence_for(found),
        "own": own,
        "allowed": allowed_commands(found, request.user, now),
        "held_by_other": found.is_open and found.held_by_other(request.user.pk, now),
        "neighbours": queries.neighbours(found),
        "reason": REASONS.get(found.decision.code) if found.decision else None,
        "reasons": REASONS,
        "approve_form": approve_form or ApproveForm(application=found),
        "refuse_form": refuse_form or RefuseForm(application=found, code=refuse_code),
        "now": now,
    }
    wrong = (approve_form and approve_form.errors) or (refuse_form and refuse_form.errors)
    return render(request, "applications/review_case.html", page, status=422 if wrong else 200)
