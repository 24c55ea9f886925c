"""What a person is to an application, and whether a command may be given: the access policy meets the workflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications import conditions
from access_portal.applications.conditions import TIMER, Clock, Facts, Mover
from access_portal.applications.conflicts import is_involved
from access_portal.applications.models import Application
from access_portal.applications.obstacles import ANYBODY, refusal
from access_portal.applications.workflow import (
    BUSINESS_OF,
    TABLE,
    Command,
    Condition,
    Obstacle,
    State,
    Who,
    allowed,
    conditions_in,
    obstacle,
)
from access_portal.errors import NotFoundError
from access_portal.grants.policy import Action, Case, Granted, Office, decide_each, require

__all__ = [
    "TIMER", "Clock", "Mover", "allowed_commands", "case_of", "not_found", "page_for", "require_command", "standing",
    "state_seen", "unmet",
]  # fmt: skip

ACTION_OF: Mapping[Who, Action] = {
    Who.REVIEWER: Action.REVIEW,
    Who.DECIDER: Action.DECIDE,
    Who.ADMIN: Action.ADMINISTER,
}


def case_of(application: Application, actor: User) -> Case:
    """The case as the policy sees it: whose it is, and whether `actor` stands too near to it."""
    return Case(application.applicant_id, frozenset({actor.pk} if is_involved(application, actor) else ()))


def standing(application: Application | None, actor: Mover, now: datetime) -> frozenset[Who]:
    """All that `actor` is to this application; before there is one, anybody with an account is its applicant."""
    if isinstance(actor, Clock):
        return frozenset({Who.TIMER})
    if not isinstance(actor, User) or not actor.is_active:
        return frozenset()
    if application is None:
        return frozenset({Who.APPLICANT})
    if application.applicant_id == actor.pk:
        return frozenset({Who.APPLICANT})  # nobody is staff to their own case
    if not actor.is_office:
        return frozenset()
    case = case_of(application, actor)
    answers = decide_each(actor, ACTION_OF.values(), case, now)
    return frozenset(who for who, action in ACTION_OF.items() if isinstance(answers[action], Granted))


def state_seen(application: Application | None, actor: Mover, now: datetime) -> State | None:
    """Where the case stands for this reader: what can still be undone has not been said to the applicant yet."""
    if application is None:
        return None
    own = isinstance(actor, User) and actor.pk == application.applicant_id
    return application.told_state(now) if own else State(application.state)


def unmet(
    application: Application | None,
    actor: Mover,
    who: frozenset[Who],
    now: datetime,
    asked: Collection[Condition] | None = None,
) -> frozenset[Condition]:
    """Those of the conditions `asked` (by default all that matter to `who` in this state) that do not hold now."""
    if application is None:
        return frozenset()
    matter = conditions_in(State(application.state), who) if asked is None else asked
    return conditions.unmet(Facts(application, actor, who, now), matter)


def allowed_commands(application: Application, actor: Mover, now: datetime) -> frozenset[Command]:
    """What `actor` may do with it now: the buttons on a page, and `allowed_commands` of the API."""
    who = standing(application, actor, now)
    if not who:
        return frozenset()
    state = State(application.state)
    possible = allowed(state, who, unmet(application, actor, who, now))
    seen = state_seen(application, actor, now)
    return possible if seen == state else possible & allowed(seen, who, frozenset())


def require_command(application: Application | None, actor: Mover, command: Command, now: datetime) -> None:
    """The gate of every command.

    Raises PermissionRefusedError with the policy's words, NotFoundError for somebody else's application, or
    ConflictError with the code of the condition that does not hold, `wrong_state`, or `one_moment` where the
    applicant knows nothing yet of what stands in the way.
    """
    who = standing(application, actor, now)
    seen = state_seen(application, actor, now)
    found = _obstacle(application, seen, command, who, actor, now)
    if found is Obstacle.NOT_THEIRS:
        _refuse_stranger(application, actor, command, now)
    if found is not None:
        assert application is not None
        raise refusal(found, application, page_for(application, actor), seen)


def _obstacle(
    application: Application | None,
    seen: State | None,
    command: Command,
    who: frozenset[Who],
    actor: Mover,
    now: datetime,
) -> Obstacle | Condition | None:
    state = _state(application)
    step = TABLE.get((state, command))
    missing = unmet(application, actor, who, now, step.conditions if step and not who.isdisjoint(step.who) else ())
    if seen == state:
        return obstacle(state, command, who, missing)
    unknown = obstacle(state, command, who, missing) and Obstacle.ONE_MOMENT
    return obstacle(seen, command, who, frozenset()) or unknown


def not_found(number: str) -> NotFoundError:
    """For numbers that do not exist and for those that are not the asker's to see: the two look the same."""
    return NotFoundError(
        "application_not_found",
        _("You have no application %(number)s.") % {"number": number},
        _("Check the number in the list of your applications."),
        reverse("my_applications"),
    )


def _state(application: Application | None) -> State | None:
    return None if application is None else State(application.state)


def _refuse_stranger(application: Application | None, actor: Mover, command: Command, now: datetime) -> None:
    """Staff business is refused in the policy's words; applicants' business, as if there were no such application."""
    if isinstance(actor, Clock):
        raise refusal(Obstacle.NOT_THEIRS, application, ANYBODY)
    if not isinstance(actor, User) or not actor.is_active:
        require(actor, Action.REVIEW, Office(), now)  # refuses anybody who is not signed in
        raise not_found("" if application is None else str(application))
    actions = [ACTION_OF[who] for who in Who if who in BUSINESS_OF[command] and who in ACTION_OF]
    if application is None or not actions or (Who.APPLICANT in BUSINESS_OF[command] and not actor.is_office):
        raise not_found("" if application is None else str(application))
    case = case_of(application, actor)
    for action in actions:  # the applicant's own words first: `own_case` says more than a missing role
        require(actor, action, case, now)
    raise refusal(Obstacle.NOT_THEIRS, application, ANYBODY)


def page_for(application: Application, actor: Mover) -> str:
    """The page of this application that `actor` can open."""
    own = isinstance(actor, User) and actor.pk == application.applicant_id
    return reverse("application" if own else "review_case", args=[application.number])
