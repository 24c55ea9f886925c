"""Files that answer a question: put in and taken out while the applicant writes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from access_portal.applications.commands.step import advance, locked
from access_portal.applications.forms import definition_of, questions_to_settle
from access_portal.applications.models import Application, Attachment
from access_portal.applications.workflow import Command
from access_portal.errors import NotFoundError
from access_portal.grants.policy import Actor
from access_portal.questionnaires.definition import Kind
from access_portal.questionnaires.files import Checked


def attach(*, actor: Actor, number: str, version: int, question: str, checked: Checked, now: datetime) -> Application:
    """Put a file that `questionnaires.files.check_upload` has let through in the place of an earlier one.

    A file that was sent with an earlier round stays in the database as it was. Raises as `save_draft` does.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.SAVE, version, now, "form")
        _require_open(application, question)
        _forget_unsent(application, question)
        Attachment.objects.create(
            application=application,
            question=question,
            name=checked.name,
            media_type=checked.media_type,
            size_bytes=checked.size,
            sha256=checked.sha256,
            content=checked.data,
            uploaded_at=now,
        )
        application.answers = {**application.answers, question: checked.as_answer()}
        application.saved_at = now
        advance(application, actor, Command.SAVE, now)
    return application


def detach(*, actor: Actor, number: str, version: int, question: str, now: datetime) -> Application:
    """Take a file out again; raises as `save_draft` does."""
    with transaction.atomic():
        application = locked(number, actor, Command.SAVE, version, now, "form")
        _require_open(application, question)
        _forget_unsent(application, question)
        application.answers = {name: value for name, value in application.answers.items() if name != question}
        application.saved_at = now
        advance(application, actor, Command.SAVE, now)
    return application


def _require_open(application: Application, question: str) -> None:
    asked = definition_of(application).question(question)
    if asked is None or asked.kind != Kind.FILE:
        raise NotFoundError("question_unknown", "The form asks for no such file.")
    open_questions = questions_to_settle(application)
    if open_questions is not None and question not in open_questions:
        raise NotFoundError("question_not_open", "This answer was not asked about and stays as it is.")


def _forget_unsent(application: Application, question: str) -> None:
    sent = {
        answers[question].get("sha256")
        for answers in application.sent_rounds.values_list("answers", flat=True)
        if isinstance(answers.get(question), dict)
    }
    application.attachments.filter(question=question).exclude(sha256__in=sent).delete()
