"""The links of the access policy's chain, and those of them that are about the person who asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import Role, User
from access_portal.grants.models import Grant, Stop
from access_portal.grants.questions import Action, Case, Resource

ROLES: Mapping[Action, tuple[Role, ...]] = {
    Action.REVIEW: (Role.REVIEWER, Role.DECIDER),
    Action.DECIDE: (Role.DECIDER,),
    Action.AUDIT: (Role.AUDITOR, Role.ADMIN),
    Action.ADMINISTER: (Role.ADMIN,),
    Action.STOP: (Role.DECIDER, Role.ADMIN, Role.OPERATOR),
    Action.SEE_REPORTS: (Role.REVIEWER, Role.DECIDER, Role.ADMIN, Role.AUDITOR),
    Action.MANAGE_RELEASES: (Role.RELEASE_MANAGER,),
    Action.MANAGE_LICENCES: (Role.ADMIN,),
    Action.MANAGE_FORMS: (Role.ADMIN,),
    Action.MANAGE_PEOPLE: (Role.ADMIN, Role.OPERATOR),
    Action.OPERATE: (Role.OPERATOR, Role.AUDITOR),
}
JUDGING = (Action.REVIEW, Action.DECIDE)


@dataclass(frozen=True)
class Fact:
    """One link of a chain. While it does not hold, it is a refusal with this code, and `remedy` and `path` help."""

    code: str
    holds: bool
    text: str
    remedy: str = ""
    path: str = ""
    grant: Grant | None = None  # the right that the rest of the chain rests on


def in_force() -> list[Stop]:
    """Every stop that nobody has lifted, one of the whole house first. People make them, so they are few."""
    stops = Stop.objects.filter(lifted_at__isnull=True).order_by("pk")
    return sorted(stops, key=lambda stop: stop.scope != Stop.Scope.HOUSE)


def not_signed_in() -> Fact:
    return Fact(
        "not_signed_in", False, _("You are not signed in."), _("Sign in, then try again."), reverse("account_login")
    )


def about_the_asker(actor: User, stops: Iterable[Stop]) -> Iterator[Fact]:
    """Who asks, and whether anything at all is open to them."""
    yield Fact("not_signed_in", True, _("You are signed in as %(name)s.") % {"name": actor.username})
    yield Fact(
        "account_closed",
        actor.is_active,
        _("This account is open.") if actor.is_active else _("This account is closed."),
        _("Write to us if you think it should not be."),
    )
    stop = next((stop for stop in stops if stop.user_id == actor.pk), None)
    yield stopped(stop) if stop else Fact("stopped", True, _("Nothing that concerns you in person is stopped."))


def stopped(stop: Stop) -> Fact:
    """The refusal while `stop` is not lifted."""
    told = {
        Stop.Scope.PERSON: _("Everything of this person is stopped: %(reason)s"),
        Stop.Scope.LAB: _("Everything of this lab is stopped: %(reason)s"),
        Stop.Scope.FAMILY: _("This model family is stopped: %(reason)s"),
        Stop.Scope.HOUSE: _("All downloads and jobs are stopped for now: %(reason)s"),
    }[Stop.Scope(stop.scope)] % {"reason": stop.reason}
    code = "mints_on_hold" if stop.scope == Stop.Scope.HOUSE else "stopped"
    return Fact(code, False, told, _("Nothing is lost. You get a mail when it goes on."), reverse("my_grants"))


def about_the_office(actor: User, action: Action, resource: Resource) -> Iterator[Fact]:
    """Whether this is the person's office, and not a matter of their own or too near to it."""
    roles = ROLES[action]
    held = [str(role.label) for role in roles if actor.has_role(role)]
    yield Fact(
        "role_missing",
        bool(held),
        _("Your role here: %(roles)s.") % {"roles": ", ".join(held)}
        if held
        else _("This is for staff with another role."),
        _("Ask an administrator if you should have it."),
    )
    if isinstance(resource, Case):
        yield from _distance(actor, action, resource)


def _distance(actor: User, action: Action, case: Case) -> Iterator[Fact]:
    own = case.applicant_id == actor.pk
    yield Fact(
        "own_case",
        not own,
        _("Nobody handles a case of their own.") if own else _("It is not a case of your own."),
        _("A colleague has to take it."),
    )
    if action in JUDGING:
        near = actor.pk in case.involved
        yield Fact(
            "conflict_of_interest",
            not near,
            _("You stand too near to this case to judge it.") if near else _("You do not stand too near to this case."),
            _("A colleague has to take it."),
        )
