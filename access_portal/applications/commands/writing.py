"""A page of the form is saved as a whole: answers, replies, files put in and files taken out, or nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from access_portal.applications.commands.attaching import attach, detach
from access_portal.applications.commands.drafting import save_draft
from access_portal.applications.models import Application
from access_portal.grants.policy import Actor
from access_portal.questionnaires.building import QuestionnaireForm
from access_portal.questionnaires.fields import AttachmentField


def save_form(
    *,
    actor: Actor,
    number: str,
    version: int,
    form: QuestionnaireForm,
    replies: Mapping[int, str] | None = None,
    now: datetime,
) -> Application:
    """Keep what `forms.draft_form` was filled in with; raises as `save_draft` does."""
    with transaction.atomic():
        saved = save_draft(
            actor=actor, number=number, version=version, answers=written(form), replies=replies or {}, now=now
        )
        for question, checked in form.uploads().items():
            saved = attach(
                actor=actor, number=number, version=saved.version, question=question, checked=checked, now=now
            )
        for question in taken_out(form):
            saved = detach(actor=actor, number=number, version=saved.version, question=question, now=now)
    return saved


def written(form: QuestionnaireForm) -> dict[str, Any]:
    """The answers of the form but its files; what was emptied is None, so that it takes the place of what was there."""
    answers = form.answers()
    return {name: answers.get(name) for name, field in form.fields.items() if not isinstance(field, AttachmentField)}


def taken_out(form: QuestionnaireForm) -> Iterator[str]:
    """The questions whose file is to go."""
    for name, field in form.fields.items():
        if isinstance(field, AttachmentField):
            ticked = field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
            if ticked is False:
                yield name
