"""Embargoes: a release that is ready, and that the clock publishes at a moment told before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _

from access_portal.errors import InvalidError
from release.lifecycle import Command
from release.models import Release
from release.publishing.step import advance, locked, person
from release.standing import Actor

FURTHEST = timedelta(days=366)


def schedule_release(*, release: Release, publish_at: datetime, actor: Actor, now: datetime) -> Release:
    """Let the clock publish it at `publish_at`; scheduling again moves that moment.

    Raises InvalidError for a moment that is not ahead, ReleaseStateError or PermissionRefusedError.
    """
    with transaction.atomic():
        row = locked(release, actor, Command.SCHEDULE, now)
        _check_moment(publish_at, now)
        row.publish_at, row.scheduled_by = publish_at.astimezone(UTC), person(actor)
        moment = row.publish_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        advance(row, actor, Command.SCHEDULE, now, {"publish_at": moment})
    return row


def unschedule_release(*, release: Release, actor: Actor, now: datetime) -> Release:
    """Publish it at no moment by itself; it stays verified. Raises ReleaseStateError or PermissionRefusedError."""
    with transaction.atomic():
        row = locked(release, actor, Command.UNSCHEDULE, now)
        row.publish_at = row.scheduled_by = None
        advance(row, actor, Command.UNSCHEDULE, now, {})
    return row


def _check_moment(publish_at: datetime, now: datetime) -> None:
    if is_naive(publish_at):
        raise InvalidError(
            "publish_at_without_zone", _("Say in which time zone that is, as in 2026-11-30T09:00Z."), field="publish_at"
        )
    if publish_at <= now:
        raise InvalidError("publish_at_past", _("That moment has passed. Choose one ahead."), field="publish_at")
    if publish_at > now + FURTHEST:
        raise InvalidError("publish_at_far", _("An embargo lasts a year at most."), field="publish_at")
