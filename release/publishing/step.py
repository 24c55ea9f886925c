"""What every command on a release does: find the row and lock it, ask the lifecycle, change it, write it down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.errors import InvalidError
from release.errors import ReleaseStateError
from release.lifecycle import Command, State, leads_to
from release.models import Release
from release.staging import audit_subject
from release.standing import Actor, require_command

LONGEST_REASON = 2000  # characters
EVENTS = {
    Command.VERIFY: "release_verified",
    Command.FALL_BACK: "release_fell_back",
    Command.REPAIR: "release_repaired",
    Command.SCHEDULE: "release_scheduled",
    Command.UNSCHEDULE: "release_unscheduled",
    Command.PUBLISH: "release_published",
    Command.SIGN: "release_signed",
    Command.DEPRECATE: "release_deprecated",
    Command.WITHDRAW: "release_withdrawn",
}  # staging writes `release_staged` itself


def person(actor: Actor) -> User | None:
    """Who is put on record; nobody for the clock and for the operator who gave no name."""
    return actor if isinstance(actor, User) else None


def unlocked(release: Release) -> Release:
    """The row as it is now, not locked: for what takes long and is looked at again under the lock."""
    return _rows().get(pk=release.pk)


def locked(release: Release, actor: Actor, command: Command, now: datetime) -> Release:
    """The row, locked until the transaction ends, once nothing stands in the way of the command.

    On PostgreSQL nobody else changes it, or its files, meanwhile. Raises as `standing.require_command` does.
    """
    row = _rows().select_for_update(of=("self",)).get(pk=release.pk)
    require_command(row, actor, command, now)
    return row


def require_seen(*, release: Release, staged_at: datetime) -> None:
    """Lock the row; raises ReleaseStateError `release_changed` when it holds other files than somebody looked at."""
    if Release.objects.select_for_update(of=("self",)).get(pk=release.pk).staged_at != staged_at:
        raise files_changed()


def files_changed() -> ReleaseStateError:
    """For whoever looked at, or read, files that are not those of the release any more."""
    return ReleaseStateError(
        "release_changed", _("Somebody staged other files meanwhile."), _("Look at them, then try again.")
    )


def advance(release: Release, actor: Actor, command: Command, now: datetime, data: dict[str, Any]) -> None:
    """Move on to where the table leads, save the row and write the event."""
    was = State(release.state)
    release.state = leads_to(was, command)
    if release.state not in (State.STAGED, State.VERIFIED):  # a verification that nobody waits for any more
        release.verification_asked_at = release.verification_asked_by = None
    release.save()
    facts = {"state": str(release.state), "was": str(was), **data}
    record(audit_subject(release), EVENTS[command], actor=person(actor), now=now, data=facts)


def required_reason(text: str, missing: str) -> str:
    """`text` without its margins; raises InvalidError `reason_missing` in the words `missing`, or `reason_too_long`."""
    reason = text.replace("\0", "").strip()
    if not reason:
        raise InvalidError("reason_missing", missing, field="reason")
    if len(reason) > LONGEST_REASON:
        message = _("Keep the reason within %(most)d characters.") % {"most": LONGEST_REASON}
        raise InvalidError("reason_too_long", message, field="reason")
    return reason


def _rows() -> QuerySet[Release]:
    return Release.objects.select_related("variant__family__weights_licence", "licence_version__licence")
