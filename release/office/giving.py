"""Giving commands from a page: where nobody waits until 200 GB are read, and where what was seen may have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.conditions import TIMER
from release import publishing
from release.errors import ReleaseStateError
from release.lifecycle import Command, Condition, State
from release.models import OPEN_STATES, Release
from release.obstacles import refusal
from release.publishing.step import require_seen
from release.standing import allowed_commands, require_command, unmet

GIVEN: Mapping[Command, Callable[..., Release]] = {
    Command.VERIFY: publishing.ask_verification,
    Command.PUBLISH: publishing.publish_release,
    Command.SCHEDULE: publishing.schedule_release,
    Command.UNSCHEDULE: publishing.unschedule_release,
    Command.SIGN: publishing.sign_release,
    Command.DEPRECATE: publishing.deprecate_release,
    Command.WITHDRAW: publishing.withdraw_release,
}


def offered(release: Release, actor: User, commands: Iterable[Command], now: datetime) -> list[Command]:
    """Those of `commands` that this person can give on a page now."""
    allowed = allowed_commands(release, actor, now)
    return [command for command in commands if command in allowed and not _would_read(release, command)]


def require_offered(release: Release, actor: User, command: Command, now: datetime) -> None:
    """Raises as `standing.require_command` does, or ReleaseStateError `not_verified`."""
    require_command(release, actor, command, now)
    if _would_read(release, command):
        raise ReleaseStateError(
            "not_verified",
            _("%s is not verified yet.") % release,
            _("Verify it first; that takes as long as its files are large, and you need not wait."),
        )


def give(*, release: Release, command: Command, actor: User, seen: datetime, now: datetime, said: Any) -> Release:
    """Give the command, provided that the release still has the files that were staged at `seen`.

    Raises what the command raises, ReleaseStateError `not_verified` or `release_changed`.
    """
    require_offered(release, actor, command, now)
    with transaction.atomic():
        require_seen(release=release, staged_at=seen)
        return GIVEN[command](release=release, actor=actor, now=now, **said)


def in_the_way(release: Release, actor: User, now: datetime) -> list[tuple[str, str]]:
    """What keeps a release that is not public from being published, by this person or at its moment: cause and cure."""
    if release.state not in OPEN_STATES:
        return []
    publisher = TIMER if release.state == State.SCHEDULED else actor
    missing = unmet(release, publisher, now)
    told = (Condition.SECOND_PERSON, Condition.CURRENT_LICENCE, Condition.KEY)
    return [refusal(condition, release) for condition in told if condition in missing]


def _would_read(release: Release, command: Command) -> bool:
    """Publishing what is only staged reads all files first, which is for the command line."""
    return command == Command.PUBLISH and release.state == State.STAGED
