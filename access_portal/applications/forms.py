"""An application's answers against its form: what may be written now, what is still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from access_portal.applications.families import variants_of
from access_portal.applications.models import Application, State
from access_portal.errors import InvalidError
from access_portal.questionnaires.building import QuestionnaireForm, build_form
from access_portal.questionnaires.conditions import with_dependents
from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.parsing import parse


_PARSED: dict[str, Definition] = {}  # by fingerprint: a version of a form never changes, and there are few of them


def definition_of(application: Application) -> Definition:
    """The form that this application is written on: it stays the same when a newer one is published."""
    form = application.form
    if form.sha256 not in _PARSED:
        _PARSED[form.sha256] = parse(form.definition)
    return _PARSED[form.sha256]


def sizes_of(application: Application) -> list[tuple[str, str]]:
    """The sizes that can be asked for, as (slug, name)."""
    return [(variant.slug, variant.name) for variant in variants_of(application.family)]


def questions_to_settle(application: Application) -> frozenset[str] | None:
    """The questions that may be answered anew in a returned application; None means all of them."""
    if application.state != State.INFO_REQUESTED:
        return None
    asked = application.info_requests.filter(settled_at=None).exclude(question="")
    return frozenset(with_dependents(definition_of(application), set(asked.values_list("question", flat=True))))


def draft_form(
    application: Application, data: Mapping[str, Any] | None = None, files: Mapping[str, Any] | None = None
) -> QuestionnaireForm:
    """The form to write in; nothing is required of it yet."""
    return build_form(
        definition_of(application),
        data=data,
        files=files,
        initial=application.answers,
        sizes=sizes_of(application),
        partial=True,
        only=questions_to_settle(application),
    )


def whole_form(application: Application) -> QuestionnaireForm:
    """The saved answers held against every rule of the form; its `errors` are what still stands in the way."""
    return build_form(
        definition_of(application),
        data=application.answers,
        files={},
        initial=application.answers,
        sizes=sizes_of(application),
    )


def complete_answers(application: Application) -> dict[str, Any]:
    """The answers as they are sent; raises InvalidError `answers_incomplete` that names the first question at fault."""
    form = whole_form(application)
    if form.is_valid():
        return form.answers()
    field = next(iter(form.errors))
    label = form.fields[field].label if field in form.fields else field
    message = str(form.errors[field][0])
    raise InvalidError(
        "answers_incomplete",
        _("Not everything is answered yet: %(label)s: %(message)s") % {"label": label, "message": message},
        _("Go back to the form; what is missing is marked there."),
        field=field,
    )
