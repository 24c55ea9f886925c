"""An application's answers against its form: what may be written now, what is still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from access_portal.applications.families import variants_of
from access_portal.applications.models import Application, State
from access_portal.errors import InvalidError
from access_portal.questionnaires import limits
from access_portal.questionnaires.building import QuestionnaireForm, build_form
from access_portal.questionnaires.conditions import with_dependents
from access_portal.questionnaires.definition import Definition, Kind
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


def answers_to_keep(application: Application, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was sent, the answers to questions that are open; files come by `commands.attach`.

    Raises InvalidError `answer_unusable` for what is no answer at all, or more than a draft has room for.
    """
    open_questions = questions_to_settle(application)
    kept = {}
    for question in definition_of(application).questions():
        name = question.name
        if (
            name not in answers
            or question.kind == Kind.FILE
            or (open_questions is not None and name not in open_questions)
        ):
            continue
        if not _is_plain(answers[name]):
            raise InvalidError("answer_unusable", _("This answer cannot be kept."), field=name)
        kept[name] = answers[name]
    return kept


def _is_plain(value: Any) -> bool:
    """What the databases keep and every later reading understands: a text, a number, yes or no, or a list of texts."""
    if isinstance(value, list):
        short = len(value) <= limits.ANSWERS_TO_ONE_QUESTION
        return short and all(isinstance(item, str) and _is_plain(item) for item in value)
    if isinstance(value, str):
        clean = "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
        return clean and len(value) <= limits.LONG_TEXT_CHARACTERS
    return value is None or (isinstance(value, int) and abs(value) <= limits.NUMBER)


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
