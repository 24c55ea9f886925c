"""The page “Why can I, or why can I not?”."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import NotFoundError
from access_portal.grants.policy import Action, Granted, Office, decide
from release.models import Variant
from release.why import ASKED_ABOUT, somebody_else, why

WORDS = {Action.DOWNLOAD: _("Download it"), Action.INFER: _("Run it here")}


@login_required
@never_cache
@require_safe
def why_page(request: SignedInRequest) -> HttpResponse:
    """Pick a model and what to do with it; staff may also name a person."""
    now = timezone.now()
    wanted = {name: request.GET.get(name, "").strip() for name in ("model", "action", "person")}
    action = Action(wanted["action"]) if wanted["action"] in ASKED_ABOUT else Action.DOWNLOAD
    answer = problem = None
    try:
        person = request.user
        if wanted["person"]:
            person = somebody_else(actor=request.user, words=wanted["person"], now=now)
        if wanted["model"]:
            answer = why(person=person, model_id=wanted["model"], action=action, now=now)
    except NotFoundError as error:
        problem = error
    page = {
        "variants": Variant.objects.select_related("family"),
        "actions": [(choice.value, WORDS[choice]) for choice in ASKED_ABOUT],
        "wanted": {**wanted, "action": action.value},
        "may_name": isinstance(decide(request.user, Action.SEE_REPORTS, Office(), now), Granted),
        "answer": answer,
        "is_own": answer is not None and answer.person.pk == request.user.pk,
        "problem": problem,
    }
    return render(request, "release/why.html", page, status=200 if problem is None else problem.status)


urlpatterns = [path("why/", why_page, name="why")]
