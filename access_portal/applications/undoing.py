"""The minute in which something said can be taken back: its mail waits that long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.applications.workflow import State

MAIL_OF = {  # the mail that waits while something can be undone
    State.APPROVED: "application_approved",
    State.REFUSED_FIXABLE: "application_refused",
    State.REFUSED_FINAL: "application_refused",
    State.INFO_REQUESTED: "application_info_requested",
}


def undoable_until(
    application: Application, actor: User, back_to: State, now: datetime, seconds: int | None = None
) -> datetime:
    """Let `actor` undo what is about to happen, and say when the mail about it may leave; `seconds` 0 is at once."""
    application.undo_by, application.undo_to = actor, back_to
    application.undo_until = now + timedelta(seconds=settings.UNDO_SECONDS if seconds is None else seconds)
    return application.undo_until


def nothing_to_undo(application: Application) -> None:
    """What was said stays said."""
    application.undo_by = application.undo_until = None
    application.undo_to = ""
