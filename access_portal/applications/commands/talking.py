"""The thread between applicant and office, and the applicant's objection to a refusal."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.applications.commands.step import advance, locked, required_text, tell, tell_handler
from access_portal.applications.models import Appeal, Application, Message
from access_portal.applications.undoing import nothing_to_undo
from access_portal.applications.workflow import Command
from access_portal.grants.policy import Actor

SHORTEST_APPEAL = 30  # characters


def send_message(*, actor: Actor, number: str, text: str, now: datetime) -> Message:
    """Write to the other side, which is told by mail; before a reviewer has taken the case there is nobody to tell."""
    with transaction.atomic():
        application = locked(number, actor, Command.MESSAGE, None, now)
        assert isinstance(actor, User)
        from_office = actor.pk != application.applicant_id
        words = required_text(text, "text")
        message = Message.objects.create(
            application=application, author=actor, from_office=from_office, text=words, at=now
        )
        advance(application, actor, Command.MESSAGE, now, {"from_office": from_office})
        if from_office:
            tell(application.applicant, "message", application, now, {"message": message})
        else:
            tell_handler("message", application, now, {"message": message})
    return message


def appeal(*, actor: Actor, number: str, text: str, now: datetime) -> Application:
    """Object to a refusal, once and in time; a decider who had no part in it will answer.

    Raises ConflictError `appeal_over`, InvalidError for an empty or very short text.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.APPEAL, None, now)
        assert application.decision is not None
        words = required_text(text, "text", least=SHORTEST_APPEAL)
        Appeal.objects.create(application=application, against=application.decision, text=words, at=now)
        nothing_to_undo(application)
        advance(application, actor, Command.APPEAL, now)
        tell(application.applicant, "appeal_receipt", application, now)
    return application
