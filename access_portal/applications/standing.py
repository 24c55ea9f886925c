"""What a person is to an application, and whether a command may be given: the access policy meets the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.applications.workflow import BUSINESS_OF, Command, Obstacle, State, Who, allowed, obstacle
from access_portal.errors import ConflictError, GatehouseError, NotFoundError
from access_portal.grants.policy import Action, Actor, Case, Granted, Office, decide, require

ACTION_OF: Mapping[Who, Action] = {Who.REVIEWER: Action.REVIEW, Who.DECIDER: Action.DECIDE}


def standing(application: Application | None, actor: Actor, now: datetime) -> frozenset[Who]:
    """All that `actor` is to this application; before there is one, anybody with an account is its applicant."""
    if not isinstance(actor, User) or not actor.is_active:
        return frozenset()
    if application is None:
        return frozenset({Who.APPLICANT})
    case = Case(application.applicant_id)
    who = {who for who, action in ACTION_OF.items() if isinstance(decide(actor, action, case, now), Granted)}
    if application.applicant_id == actor.pk:
        who.add(Who.APPLICANT)
    if Who.REVIEWER in who and application.claimed_by_id == actor.pk:
        who.add(Who.CLAIM_HOLDER)
    if Who.REVIEWER in who and not application.held_by_other(actor.pk, now):
        who.add(Who.SUCCESSOR)
    return frozenset(who)


def allowed_commands(application: Application, actor: Actor, now: datetime) -> frozenset[Command]:
    """What `actor` may do with it now: the buttons on a page."""
    return allowed(_state(application), standing(application, actor, now))


def require_command(application: Application | None, actor: Actor, command: Command, now: datetime) -> None:
    """The gate of every command.

    Raises PermissionRefusedError with the policy's words, NotFoundError for somebody else's application, or
    ConflictError `wrong_state` or `claimed_by_other`.
    """
    found = obstacle(_state(application), command, standing(application, actor, now))
    if found is Obstacle.NOT_THEIRS:
        _refuse_stranger(application, actor, command, now)
    if found is not None:
        assert application is not None
        raise _wrong_state(application, actor) if found is Obstacle.WRONG_STATE else _claimed(application)


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


def _refuse_stranger(application: Application | None, actor: Actor, command: Command, now: datetime) -> None:
    """Staff business is refused in the policy's words; applicants' business, as if there were no such application."""
    action = ACTION_OF.get(BUSINESS_OF[command])
    if application is None or action is None:
        if not isinstance(actor, User) or not actor.is_active:
            require(actor, Action.REVIEW, Office(), now)  # refuses anybody who is not signed in
        raise not_found("" if application is None else str(application))
    require(actor, action, Case(application.applicant_id), now)


def _wrong_state(application: Application, actor: Actor) -> GatehouseError:
    return ConflictError(
        "wrong_state",
        _("That is not possible now: application %(number)s is in the state “%(state)s”.")
        % {"number": application.number, "state": application.get_state_display()},
        _("Its page shows what happened and what can be done."),
        page_for(application, actor),
    )


def _claimed(application: Application) -> GatehouseError:
    return ConflictError(
        "claimed_by_other",
        _("%(name)s is working on application %(number)s.")
        % {"name": application.claimed_by, "number": application.number},
        _("Ask them to give it back, or wait: a claim lapses after two hours."),
        reverse("review_case", args=[application.number]),
    )


def page_for(application: Application, actor: Actor) -> str:
    """The page of this application that `actor` can open."""
    own = isinstance(actor, User) and actor.pk == application.applicant_id
    return reverse("application" if own else "review_case", args=[application.number])
