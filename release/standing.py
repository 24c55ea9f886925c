"""Who somebody is to releases, and whether a command may be given: the access policy meets the lifecycle."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from access_portal.accounts.models import User
from access_portal.applications.conditions import Clock
from access_portal.errors import PermissionRefusedError
from access_portal.grants.policy import Action, Granted, Office, decide, require
from access_portal.licences.queries import current_version
from release.errors import ReleaseStateError
from release.lifecycle import Command, Condition, Obstacle, State, Who, allowed, obstacle
from release.models import Release
from release.obstacles import refusal

Actor = User | Clock | None  # None is the operator at the command line, who gave no name


def standing(actor: Actor, now: datetime) -> Who | None:
    """What `actor` is to every release; None for whoever has no business with them."""
    if isinstance(actor, Clock):
        return Who.CLOCK
    if actor is None:
        return Who.OPERATOR
    manages = isinstance(decide(actor, Action.MANAGE_RELEASES, Office(), now), Granted)
    return Who.MANAGER if manages else None


def unmet(release: Release | None, actor: Actor, now: datetime) -> frozenset[Condition]:
    """The conditions that do not hold; `release` None is a version that nobody has staged."""
    found = {Condition.NAMED} if settings.RELEASE_TWO_PEOPLE and actor is None else set()
    if release is None:
        return frozenset(found)
    if settings.RELEASE_TWO_PEOPLE and not _by_two(release, actor):
        found.add(Condition.SECOND_PERSON)
    if current_version(release.licence_version.licence) != release.licence_version:
        found.add(Condition.CURRENT_LICENCE)
    if settings.RELEASE_KEY is None:
        found.add(Condition.KEY)
    if release.publish_at is not None and now < release.publish_at:
        found.add(Condition.EMBARGO_OVER)
    if release.signature:
        found.add(Condition.UNSIGNED)
    return frozenset(found)


def allowed_commands(release: Release, actor: User, now: datetime) -> frozenset[Command]:
    """What `actor` may do with it now: the buttons on its page."""
    return allowed(State(release.state), standing(actor, now), unmet(release, actor, now))


def require_command(release: Release | None, actor: Actor, command: Command, now: datetime) -> None:
    """The gate of every command.

    Raises PermissionRefusedError with the policy's words, or ReleaseStateError with the code of what is in the way.
    """
    who = standing(actor, now)
    state = None if release is None else State(release.state)
    found = obstacle(state, command, who, unmet(release, actor, now))
    if found is None:
        return
    if who is None:
        assert isinstance(actor, User)
        require(actor, Action.MANAGE_RELEASES, Office(), now)
    explanation, remedy = refusal(found, release)
    if found is Obstacle.NOT_THEIRS:
        raise PermissionRefusedError(str(found), explanation, remedy)
    raise ReleaseStateError(str(found), explanation, remedy)


def _by_two(release: Release, actor: Actor) -> bool:
    """Whether the files were staged by a known person, and are published by another."""
    publisher = release.scheduled_by_id if isinstance(actor, Clock) else None if actor is None else actor.pk
    return None not in (release.staged_by_id, publisher) and release.staged_by_id != publisher
