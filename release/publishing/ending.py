"""The end of a release: something better is there (deprecated), or nobody may fetch it any more (withdrawn)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.errors import InvalidError
from release.lifecycle import Command, State
from release.models import Release
from release.publishing.step import advance, locked, required_reason
from release.publishing.telling import tell_some
from release.staging import audit_subject
from release.standing import Actor


def deprecate_release(
    *, release: Release, reason: str, successor: Release | None, actor: Actor, now: datetime
) -> Release:
    """It can still be had, but its page and every plan to fetch it say what to use instead; who fetched it is told.

    Deprecating again gives another reason or successor. Raises InvalidError `reason_missing`, `reason_too_long` or
    `successor_unfit`, ReleaseStateError or PermissionRefusedError.
    """
    with transaction.atomic():
        row = locked(release, actor, Command.DEPRECATE, now)
        said = required_reason(reason, _("Say why: people who fetched it, and those who are about to, will read it."))
        _check_successor(row, successor)
        row.deprecated_at, row.deprecated_reason, row.successor = now, said, successor
        row.told_at = None
        data = {"reason": said, "successor": "" if successor is None else audit_subject(successor)}
        advance(row, actor, Command.DEPRECATE, now, data)
        tell_some(row, now)
    return row


def withdraw_release(*, release: Release, reason: str, actor: Actor, now: datetime) -> Release:
    """Make no link to it any more, from this moment; its page stays and says why, and who downloaded it is told.

    Raises InvalidError `reason_missing` or `reason_too_long`, ReleaseStateError or PermissionRefusedError.
    """
    with transaction.atomic():
        row = locked(release, actor, Command.WITHDRAW, now)
        said = required_reason(reason, _("A withdrawal needs a reason: people who downloaded it will read it."))
        row.withdrawn_at, row.withdrawn_reason, row.told_at = now, said, None
        advance(row, actor, Command.WITHDRAW, now, {"reason": said})
        tell_some(row, now)
    return row


def _check_successor(row: Release, successor: Release | None) -> None:
    """Nobody is sent to what is not there or is on its way out; so successors never lead in a circle."""
    if successor is None:
        return
    same_family = successor.variant.family_id == row.variant.family_id
    if successor.pk == row.pk or successor.state != State.PUBLISHED or not same_family:
        raise InvalidError(
            "successor_unfit",
            _("%(successor)s cannot take its place: it has to be another published release of the same family.")
            % {"successor": successor},
            field="successor",
        )
