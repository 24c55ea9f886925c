"""What a person is to an application, and whether a command may be given: the access policy meets the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.conflicts import is_involved
from access_portal.applications.models import Application
from access_portal.applications.obstacles import ANYBODY, refusal
from access_portal.applications.review_policy import needs_four_eyes, policy_for
from access_portal.applications.workflow import (
    BUSINESS_OF,
    Command,
    Condition,
    Obstacle,
    State,
    Who,
    allowed,
    obstacle,
)
from access_portal.errors import NotFoundError
from access_portal.grants.models import LIVE_STATES
from access_portal.grants.policy import Action, Actor, Case, Granted, Office, decide, decide_each, require

ACTION_OF: Mapping[Who, Action] = {
    Who.REVIEWER: Action.REVIEW,
    Who.DECIDER: Action.DECIDE,
    Who.ADMIN: Action.ADMINISTER,
}


@dataclass(frozen=True)
class Clock:
    """The actor of what happens by itself: it may lapse and close, and never decides."""


TIMER = Clock()
Mover = Actor | Clock


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


def unmet(application: Application | None, actor: Mover, now: datetime) -> frozenset[Condition]:
    """The conditions of the workflow that do not hold for this person and case now."""
    if application is None:
        return frozenset()
    holds = {**_about_people(application, actor, now), **_about_the_case(application, now)}
    return frozenset(condition for condition, met in holds.items() if not met)


def _about_people(application: Application, actor: Mover, now: datetime) -> dict[Condition, bool]:
    person = actor.pk if isinstance(actor, User) else None
    recommender = application.recommendation.by_id if application.recommendation else None
    proposer = application.final_proposal.by_id if application.final_proposal else None
    decision = application.decision
    had_part = {decision.by_id, decision.confirmed_by_id, recommender} if decision else set()
    return {
        Condition.CLAIM_FREE: not application.held_by_other(person or 0, now),
        Condition.OWN_CLAIM: application.claimed_by_id == person,
        Condition.HANDS_OVER: application.claimed_by_id == person
        or (application.state == State.IN_REVIEW and _runs_the_office(actor, now)),
        Condition.SECOND_PAIR: recommender != person or not needs_four_eyes(application),
        Condition.FINAL_PROPOSED: proposer is not None and proposer != person,
        Condition.UNINVOLVED: person not in had_part,
        Condition.UNDO_TIME: application.undo_by_id == person
        and application.undo_until is not None
        and now < application.undo_until,
    }


def _runs_the_office(actor: Mover, now: datetime) -> bool:
    return isinstance(actor, User) and isinstance(decide(actor, Action.ADMINISTER, Office(), now), Granted)


def _about_the_case(application: Application, now: datetime) -> dict[Condition, bool]:
    decision = application.decision
    appeal_until = decision.at + policy_for(application).appeal_time if decision else now
    return {
        Condition.NOT_ON_HOLD: not application.is_on_hold,
        Condition.ON_HOLD: application.is_on_hold,
        Condition.SINGLE_EYE: application.state != State.IN_REVIEW or not needs_four_eyes(application),
        Condition.APPEAL_TIME: now < appeal_until and not hasattr(application, "appeal"),
        Condition.OVERDUE: _is_on_applicant(application)
        and application.due_at is not None
        and application.due_at <= now
        and application.reminders.filter(due_at=application.due_at).exists(),
        Condition.SETTLED: not application.is_open
        and now >= appeal_until
        and not application.grants.filter(state__in=LIVE_STATES).exists(),
    }


def _is_on_applicant(application: Application) -> bool:
    """Whether the next step is the applicant's, so that it lapses when nothing comes."""
    return application.state in (State.DRAFT, State.INFO_REQUESTED)


def allowed_commands(application: Application, actor: Mover, now: datetime) -> frozenset[Command]:
    """What `actor` may do with it now: the buttons on a page, and `allowed_commands` of the API."""
    who = standing(application, actor, now)
    return allowed(_state(application), who, unmet(application, actor, now)) if who else frozenset()


def require_command(application: Application | None, actor: Mover, command: Command, now: datetime) -> None:
    """The gate of every command.

    Raises PermissionRefusedError with the policy's words, NotFoundError for somebody else's application, or
    ConflictError with the code of the condition that does not hold.
    """
    who = standing(application, actor, now)
    found = obstacle(_state(application), command, who, unmet(application, actor, now))
    if found is Obstacle.NOT_THEIRS:
        _refuse_stranger(application, actor, command, now)
    if found is not None:
        assert application is not None
        raise refusal(found, application, page_for(application, actor))


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
