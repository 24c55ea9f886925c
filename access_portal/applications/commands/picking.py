"""The next case on one key: the oldest that waits for a reviewer and that this reviewer may take."""

from __future__ import annotations

from datetime import datetime

from access_portal.accounts.models import User
from access_portal.applications.cockpit.distance import far_from
from access_portal.applications.commands.reviewing import claim
from access_portal.applications.models import Application, State
from access_portal.errors import ConflictError, PermissionRefusedError
from access_portal.grants.policy import Action, Actor, Office, require

MOST_TRIED = 100  # cases that others take or that turn out to be too near


def claim_next(*, actor: Actor, now: datetime) -> Application | None:
    """Take it; None when nothing waits. Two people who ask at once get two cases: whoever comes second goes on."""
    require(actor, Action.REVIEW, Office(), now)
    assert isinstance(actor, User)
    waiting = Application.objects.filter(state__in=(State.SUBMITTED, State.REVISED), hold_ground="")
    oldest = far_from(actor, waiting).order_by("submitted_at", "pk")
    for number, version in oldest.values_list("number", "version")[:MOST_TRIED]:
        try:
            return claim(actor=actor, number=str(number), version=version, now=now)
        except (ConflictError, PermissionRefusedError):
            continue
    return None
