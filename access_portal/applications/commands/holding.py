"""A case on hold can be read and discussed, but neither approved nor refused."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.applications.commands.step import advance, locked, required_text, tell
from access_portal.applications.models import Application
from access_portal.applications.workflow import Command
from access_portal.errors import InvalidError
from access_portal.grants.policy import Actor


def set_hold(
    *, actor: Actor, number: str, version: int, ground: str, recheck_at: datetime, now: datetime
) -> Application:
    """Stop decisions until it is lifted; colleagues read the ground, the applicant a neutral notice.

    Raises InvalidError `recheck_in_the_past`, otherwise as `reviewing.claim`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.SET_HOLD, version, now)
        if recheck_at <= now:
            raise InvalidError("recheck_in_the_past", _("Say when to look at it again."), field="recheck_at")
        application.hold_ground = required_text(ground, "ground", least=10)
        application.hold_recheck_at = recheck_at
        advance(application, actor, Command.SET_HOLD, now, {"recheck_at": recheck_at.isoformat()})
        tell(application.applicant, "held", application, now)
    return application


def lift_hold(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Let the case be decided again; the applicant is told."""
    with transaction.atomic():
        application = locked(number, actor, Command.LIFT_HOLD, version, now)
        application.hold_ground, application.hold_recheck_at = "", None
        advance(application, actor, Command.LIFT_HOLD, now)
        tell(application.applicant, "hold_lifted", application, now)
    return application
