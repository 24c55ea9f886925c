"""Writing: the form of a draft or of a returned application, saved by a button or as one types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access_portal.accounts.models import User
from access_portal.accounts.requests import SignedInRequest
from access_portal.applications import commands
from access_portal.applications.following import lines, open_requests, own_application
from access_portal.applications.forms import definition_of, draft_form, questions_to_settle, sizes_of
from access_portal.applications.models import Application, InfoRequest, State
from access_portal.applications.progress import progress_of
from access_portal.errors import ConflictError, GatehouseError
from access_portal.questionnaires import limits
from access_portal.questionnaires.building import QuestionnaireForm
from access_portal.questionnaires.queries import current_form
from access_portal.questionnaires.reading import Change, differences

WRITABLE = (State.DRAFT, State.INFO_REQUESTED)


@dataclass(frozen=True)
class Filled:
    """What was sent: the form, and a reply for each request."""

    form: QuestionnaireForm
    replies: Mapping[int, str] = field(default_factory=dict)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, number: str) -> HttpResponse:
    """The form, and the Save button, which works without a script."""
    application = own_application(request.user, number)
    if not is_writable(application):
        return elsewhere(request, application)
    if request.method != "POST":
        return _page(request, application, Filled(_saved_form(application)))
    filled = _filled(request, application)
    try:
        saved = _save(request, application, filled, posted_version(request))
    except ConflictError as problem:
        return _refused(request, problem, filled)
    if filled.form.errors:
        return _page(request, own_application(request.user, number), filled, status=422)
    if request.POST.get("then") == "send":
        return redirect("review_and_send", number=saved.number)
    messages.success(request, _("Saved. You can go on now or on another day, here or on another device."))
    return redirect("edit_application", number=saved.number)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def save_draft(request: HttpRequest, number: str) -> JsonResponse:
    """For the script of the form: what is saved (GET), and saving (POST). Always JSON; 401 when signed out."""
    if not isinstance(request.user, User):
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        application = own_application(request.user, number)
        if not is_writable(application):
            return JsonResponse({"code": "wrong_state", "version": application.version}, status=409)
        if request.method != "POST":
            return JsonResponse({**_saved(application), "token": get_token(request)})
        return _autosave(request, request.user, application)
    except GatehouseError as problem:
        return JsonResponse({"code": problem.code, "explanation": problem.explanation}, status=problem.status)


def is_writable(application: Application) -> bool:
    """Whether the applicant may write in it, as far as they know."""
    return application.state in WRITABLE and application.is_disclosed(timezone.now())


def elsewhere(request: HttpRequest, application: Application) -> HttpResponse:
    """Somebody came back to the form of an application that is not theirs to write in any more."""
    messages.info(
        request,
        _("Application %(number)s cannot be written in now: this is where it stands.") % {"number": application.number},
    )
    return redirect("application", number=application.number)


def posted_version(request: HttpRequest) -> int:
    """The version on the screen; one that is no number is older than any."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _filled(request: HttpRequest, application: Application) -> Filled:
    form = draft_form(application, request.POST, request.FILES)
    replies = {
        asked.pk: request.POST[f"reply_{asked.pk}"]
        for asked in open_requests(application)
        if f"reply_{asked.pk}" in request.POST
    }
    return Filled(form, replies)


def _saved_form(application: Application) -> QuestionnaireForm:
    """The form with what is saved, and what is wrong with it; an empty one has nothing wrong."""
    return draft_form(application, application.answers, {}) if application.answers else draft_form(application)


def _save(request: HttpRequest, application: Application, filled: Filled, version: int) -> Application:
    """Raises ConflictError `stale_version` only where something else is saved than what was sent."""
    assert isinstance(request.user, User)
    number = str(application.number)
    if version != application.version and not _differences(application, filled) and not filled.form.uploads():
        return application
    return commands.save_form(
        actor=request.user,
        number=number,
        version=version,
        form=filled.form,
        replies=filled.replies,
        now=timezone.now(),
    )


def _differences(application: Application, filled: Filled) -> list[Change]:
    """What is saved against what was sent."""
    mine = {**application.answers, **commands.written(filled.form)}
    changes = differences(definition_of(application), application.answers, mine, sizes_of(application))
    for asked in open_requests(application):
        reply = filled.replies.get(asked.pk, asked.reply).strip()
        if reply.split() != asked.reply.split():
            changes.append(Change(f"reply_{asked.pk}", _("Reply: %(text)s") % {"text": asked.text}, asked.reply, reply))
    return changes


def _refused(request: SignedInRequest, problem: ConflictError, filled: Filled) -> HttpResponse:
    """Saved elsewhere meanwhile: what was typed stays on the screen, beside what it differs in."""
    fresh = own_application(request.user, request.resolver_match.kwargs["number"] if request.resolver_match else "")
    if problem.code != "stale_version" or not is_writable(fresh):
        return elsewhere(request, fresh)
    return _page(request, fresh, filled, status=409, differences=_differences(fresh, filled))


def _autosave(request: HttpRequest, user: User, application: Application) -> JsonResponse:
    filled = _filled(request, application)
    try:
        _save(request, application, filled, posted_version(request))
    except ConflictError as problem:
        fresh = own_application(user, str(application.number))
        if problem.code != "stale_version" or not is_writable(fresh):
            return JsonResponse({"code": "wrong_state", "version": fresh.version}, status=409)
        changes = [{"label": c.label, "theirs": c.before, "mine": c.after} for c in _differences(fresh, filled)]
        return JsonResponse({"code": "stale_version", **_saved(fresh), "differences": changes}, status=409)
    return JsonResponse(
        {
            **_saved(own_application(user, str(application.number))),
            "problems": {name: [str(error) for error in errors] for name, errors in filled.form.errors.items()},
            "unkept": _too_long(filled.form),
        }
    )


def _saved(application: Application) -> dict[str, Any]:
    return {
        "version": application.version,
        "saved_at": application.saved_at.isoformat(),
        "progress": {section.id: len(section.missing) for section in progress_of(application)},
    }


def _too_long(form: QuestionnaireForm) -> list[str]:
    """Texts that are longer than even a draft keeps."""
    return [name for name in form.fields if len(str(form.data.get(name) or "")) > limits.LONG_TEXT_CHARACTERS]


def _page(
    request: SignedInRequest, application: Application, filled: Filled, status: int = 200, **more: Any
) -> HttpResponse:
    returned = application.state == State.INFO_REQUESTED
    page = {
        "application": application,
        "form": filled.form,
        "progress": [] if returned else progress_of(application),
        "newer_form": not returned and current_form(application.family_id).pk != application.form_id,
        **(_returned(application, filled) if returned else {}),
        **more,
    }
    template = "applications/edit_returned.html" if returned else "applications/edit.html"
    return render(request, template, page, status=status)


def _returned(application: Application, filled: Filled) -> dict[str, Any]:
    """Each request with its question and a place to reply, questions that hang on those, and what stays as it is."""
    requests = open_requests(application)
    for asked in requests:
        asked.reply = filled.replies.get(asked.pk, asked.reply)
    open_names = questions_to_settle(application) or frozenset()
    definition = definition_of(application)
    answers = lines(application, definition, application.answers)
    return {
        "pinned": list(_pinned(filled.form, requests)),
        "staying": [line for line in answers if line.answer.name not in open_names],
    }


def _pinned(form: QuestionnaireForm, requests: list[InfoRequest]) -> list[tuple[list[InfoRequest], list[Any]]]:
    """Requests about the application as a whole, then each open question with the requests about it."""
    general = [asked for asked in requests if asked.question not in form.fields]
    pinned: list[tuple[list[InfoRequest], list[Any]]] = [([asked], []) for asked in general]
    for name in form.fields:
        pinned.append(([asked for asked in requests if asked.question == name], [form[name]]))
    return pinned
