"""Speaking up: a message to the reviewers, an appeal, a withdrawal."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands
from access_portal.applications.commands.talking import SHORTEST_APPEAL
from access_portal.applications.disclosure import stand_of
from access_portal.applications.following import own_application
from access_portal.applications.review_policy import appeal_until
from access_portal.applications.standing import allowed_commands
from access_portal.applications.views.applicant_draft import elsewhere
from access_portal.applications.views.applicant_follow import application_page
from access_portal.applications.workflow import Command
from access_portal.errors import InvalidError


@login_required
@require_POST
def send_message(request: SignedInRequest, number: str) -> HttpResponse:
    """Write to the reviewers; what cannot be sent stays in the box, with the reason."""
    found = own_application(request.user, number)
    text = request.POST.get("text", "")
    try:
        commands.send_message(actor=request.user, number=number, text=text, now=timezone.now())
    except InvalidError as problem:
        return application_page(request, found, status=422, typed=text, problem=problem.explanation)
    messages.success(request, _("Your message is sent."))
    return redirect("application", number=number)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: SignedInRequest, number: str) -> HttpResponse:
    """Object to a refusal."""
    found, now = own_application(request.user, number), timezone.now()
    if not found.is_disclosed(now):
        return elsewhere(request, found)
    text, problem = request.POST.get("text", ""), ""
    if request.method == "POST":
        try:
            commands.appeal(actor=request.user, number=number, text=text, now=now)
        except InvalidError as refused:
            problem = refused.explanation
        else:
            messages.success(request, _("We have your appeal. Somebody who had no part in the decision reads it."))
            return redirect("application", number=number)
    page = {
        "application": found,
        "stand": stand_of(found, now),
        "may": Command.APPEAL in allowed_commands(found, request.user, now),
        "until": appeal_until(found),
        "least": SHORTEST_APPEAL,
        "typed": text,
        "problem": problem,
    }
    return render(request, "applications/appeal.html", page, status=422 if problem else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedInRequest, number: str) -> HttpResponse:
    """Ask whether it is meant, then withdraw."""
    found, now = own_application(request.user, number), timezone.now()
    if request.method == "POST":
        commands.withdraw(actor=request.user, number=number, now=now)
        messages.success(request, _("Your application is withdrawn."))
        return redirect("application", number=number)
    may = Command.WITHDRAW in allowed_commands(found, request.user, now)
    page = {"application": found, "stand": stand_of(found, now), "may": may}
    return render(request, "applications/withdraw.html", page)
