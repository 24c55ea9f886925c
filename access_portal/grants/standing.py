"""What a person is to a grant, and whether a command may be given: the access policy meets the lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.queries import verified_addresses
from access_portal.applications.standing import Clock, Mover
from access_portal.errors import NotFoundError
from access_portal.grants.conditions import unmet
from access_portal.grants.distance import is_near, refuse_the_near
from access_portal.grants.lifecycle import BUSINESS_OF, TABLE, Command, Obstacle, State, Who, allowed, obstacle
from access_portal.grants.models import LIVE_STATES, Grant
from access_portal.grants.obstacles import refusal
from access_portal.grants.policy import Action, Case, Granted, Office, decide, require
from access_portal.grants.queries import was_told

INVITATION_LASTS = timedelta(days=14)

ACTION_OF: Mapping[Who, Action] = {
    Who.DECIDER: Action.DECIDE,
    Who.ADMIN: Action.ADMINISTER,
    Who.STOPPER: Action.STOP,
}
READING = (Action.REVIEW, Action.AUDIT, Action.STOP)  # any of them opens the office's pages about grants


def state_of(grant: Grant, now: datetime) -> State:
    """Where a grant stands at `now`: its end counts from that very moment, not from when the clock wrote it down."""
    state = State(grant.state)
    return State.EXPIRED if state in LIVE_STATES and now >= grant.ends_at else state


def standing(grant: Grant, actor: Mover, now: datetime) -> frozenset[Who]:
    """All that `actor` is to this grant. Nobody is staff to a grant of their own or of somebody near to them."""
    if isinstance(actor, Clock):
        return frozenset({Who.TIMER})
    if not isinstance(actor, User) or not actor.is_active:
        return frozenset()
    if grant.holder_id == actor.pk:
        return frozenset({Who.HOLDER} if was_told(grant, now) else ())
    lab = _in_the_lab(grant, actor, now)
    if not actor.is_office or is_near(grant, actor):
        return lab
    case = Case(grant.holder_id)
    given = (who for who, action in ACTION_OF.items() if isinstance(decide(actor, action, case, now), Granted))
    return lab | frozenset(given)


def _in_the_lab(grant: Grant, actor: User, now: datetime) -> frozenset[Who]:
    if grant.kind != Grant.Kind.LAB:
        return frozenset()
    places = grant.members.filter(removed_at=None)
    if places.filter(user=actor, joined_at__isnull=False).exists():
        return frozenset({Who.MEMBER})
    addresses = {address.lower() for address in verified_addresses(actor)}
    open_places = places.filter(joined_at=None, invited_at__gt=now - INVITATION_LASTS)
    invited = any(email.lower() in addresses for email in open_places.values_list("email", flat=True))
    return frozenset({Who.INVITED}) if invited else frozenset()


def allowed_commands(grant: Grant, actor: Mover, now: datetime) -> frozenset[Command]:
    """What `actor` may do with it now: the buttons on a page, and `allowed_commands` of the API."""
    who = standing(grant, actor, now)
    return allowed(state_of(grant, now), who, unmet(grant, actor, now)) if who else frozenset()


def require_command(grant: Grant, actor: Mover, command: Command, now: datetime) -> None:
    """The gate of every command.

    Raises PermissionRefusedError with the policy's words, NotFoundError for a grant that is not the asker's to see, or
    ConflictError with the code of the condition that does not hold.
    """
    who, state = standing(grant, actor, now), state_of(grant, now)
    step = TABLE.get((state, command))
    found = obstacle(state, command, who, unmet(grant, actor, now, step.conditions if step else ()))
    if found is Obstacle.NOT_THEIRS:
        _refuse_stranger(grant, actor, command, who, now)
    if found is not None:
        raise refusal(found, grant, state, page_for(grant, actor))


def require_reader(grant: Grant, actor: User, now: datetime) -> None:
    """The gate of the office's page about a grant: for staff who are not near to the holder.

    Raises PermissionRefusedError.
    """
    case = Case(grant.holder_id)
    if not any(isinstance(decide(actor, action, case, now), Granted) for action in READING):
        require(actor, Action.REVIEW, case, now)
    refuse_the_near(actor, grant.holder)


def require_any_reader(actor: User, now: datetime) -> None:
    """The gate of the office's lists of grants. Raises PermissionRefusedError."""
    if not any(isinstance(decide(actor, action, Office(), now), Granted) for action in READING):
        require(actor, Action.REVIEW, Office(), now)


def not_found(number: str) -> NotFoundError:
    """For numbers that do not exist and for those that are not the asker's to see: the two look the same."""
    return NotFoundError(
        "grant_not_found",
        _("You have no grant %(number)s.") % {"number": number},
        _("Check the number in the list of your grants."),
        reverse("my_grants"),
    )


def page_for(grant: Grant, actor: Mover) -> str:
    """The page of this grant that `actor` can open."""
    staff = isinstance(actor, User) and actor.is_office and grant.holder_id != actor.pk
    member = isinstance(actor, User) and grant.members.filter(user=actor, removed_at=None).exists()
    return reverse("grant_case" if staff and not member else "grant", args=[grant.number])


def _refuse_stranger(grant: Grant, actor: Mover, command: Command, who: frozenset[Who], now: datetime) -> None:
    """Staff business is refused in the policy's words; to strangers it is as if there were no such grant."""
    if isinstance(actor, Clock):
        raise refusal(Obstacle.NOT_THEIRS, grant, state_of(grant, now), "")
    if not isinstance(actor, User) or not actor.is_active:
        require(actor, Action.REVIEW, Office(), now)  # refuses anybody who is not signed in
        raise not_found(str(grant))
    if not who and not actor.is_office:
        raise not_found(str(grant))
    actions = [ACTION_OF[one] for one in Who if one in BUSINESS_OF[command] and one in ACTION_OF]
    near = {actor.pk} if is_near(grant, actor) else set()
    case = Case(grant.holder_id, frozenset(near))
    for action in actions:
        require(actor, action, case, now)
    if actions:
        refuse_the_near(actor, grant.holder)
    raise refusal(Obstacle.NOT_THEIRS, grant, state_of(grant, now), page_for(grant, actor))
