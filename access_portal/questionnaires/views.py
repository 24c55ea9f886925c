"""Office pages on which forms are read and published."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.policy import Action, Office, require
from access_portal.questionnaires import queries
from access_portal.questionnaires.building import build_form
from access_portal.questionnaires.canonical import readable
from access_portal.questionnaires.commands import publish_form as publish
from access_portal.questionnaires.comparing import compare
from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.families import Family, family_with_slug, sizes_of
from access_portal.questionnaires.forms import PublishForm
from access_portal.questionnaires.models import FormVersion


@login_required
@require_safe
def forms(request: SignedInRequest) -> HttpResponse:
    """All forms by family, with their versions."""
    _require(request)
    return render(request, "questionnaires/form_versions.html", {"lines": queries.all_lines()})


@login_required
@require_safe
def form_version(request: SignedInRequest, pk: int) -> HttpResponse:
    """One version as an applicant sees it, and how it differs from the one before."""
    _require(request)
    version = queries.version_with_id(pk)
    before = queries.version_before(version)
    page = {
        "version": version,
        "name": version.family.name if version.family else _("House form"),
        "before": before,
        "changes": compare(before.definition, version.definition) if before else None,
        **_preview(version.parsed(), version.family),
    }
    return render(request, "questionnaires/form_version.html", page)


@login_required
@require_safe
def form_definition(request: SignedInRequest, pk: int) -> HttpResponse:
    """The definition of one version as a file."""
    _require(request)
    version = queries.version_with_id(pk)
    name = f"form-{version.family.slug if version.family else 'house'}-{version.number}.json"
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(readable(version.definition), content_type="application/json", headers=headers)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_form(request: SignedInRequest) -> HttpResponse:
    """Look at a definition, then publish it; only what was looked at is published."""
    _require(request)
    if request.method != "POST":
        return _first_page(request)
    form = PublishForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "questionnaires/publish_form.html", {"form": form}, status=422)
    if request.POST.get("step") == "publish" and form.was_looked_at():
        return _publish(request, form)
    return _look(request, form)


def _first_page(request: SignedInRequest) -> HttpResponse:
    slug = request.GET.get("family", "")
    family = family_with_slug(slug) if slug else None
    current = _current(family)
    initial = {"family": slug, "definition": readable(current.definition)}
    return render(request, "questionnaires/publish_form.html", {"form": PublishForm(initial=initial)})


def _look(request: SignedInRequest, form: PublishForm) -> HttpResponse:
    family, document = form.family_chosen(), form.cleaned_data["document"]
    shown = {"family": form.cleaned_data["family"], "definition": readable(document)}
    page = {
        "form": PublishForm(initial={**shown, "looked_at": form.cleaned_data["sha256"]}),
        "previewed": True,
        "changes": compare(_current(family).definition, document),
        **_preview(form.cleaned_data["parsed"], family),
    }
    return render(request, "questionnaires/publish_form.html", page)


def _publish(request: SignedInRequest, form: PublishForm) -> HttpResponse:
    now, family = timezone.now(), form.family_chosen()
    version = publish(family=family, definition=form.cleaned_data["document"], actor=request.user, now=now)
    if version.published_at == now:
        messages.success(
            request, _("Version %(number)d is published and asked from now on.") % {"number": version.number}
        )
    else:
        messages.info(request, _("This is what is asked already. Nothing was changed."))
    return redirect("form_version", version.pk)


def _current(family: Family | None) -> FormVersion:
    """What is asked now: for a family without a form of its own, the house form."""
    house = queries.newest(None)
    assert house is not None
    return house if family is None else queries.current_form(family.pk)


def _preview(definition: Definition, family: Any | None) -> dict[str, Any]:
    form = build_form(definition, sizes=sizes_of(family))
    form.auto_id = "preview_%s"
    return {"definition": definition, "preview": form}


def _require(request: SignedInRequest) -> None:
    require(request.user, Action.MANAGE_FORMS, Office(), timezone.now())
