"""THE access predicate: every door asks `decide`, and nothing else decides.

Pages, link signer, Hub protocol, batch API and the worker at the moment it runs a line all call it; the explanation
it gives is what the person reads. `release` and `inference_worker` describe what they guard by the small dataclasses
below, so this room imports neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar, assert_never

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application
from access_portal.applications.workflow import OPEN_STATES, REFUSED_STATES
from access_portal.errors import PermissionRefusedError
from access_portal.grants.models import Grant
from access_portal.licences.models import LicenceAcceptance, LicenceVersion
from access_portal.licences.queries import current_version


class Action(StrEnum):
    """What a person wants to do."""

    DOWNLOAD = "download"
    INFER = "infer"
    USE_INFERENCE = "use_inference"  # the API as a whole, before a model is named
    REVIEW = "review"  # see the queue, or see and claim a case
    DECIDE = "decide"  # approve or refuse it
    MANAGE_RELEASES = "manage_releases"
    MANAGE_LICENCES = "manage_licences"  # publish texts that bind people
    MANAGE_FORMS = "manage_forms"  # what applicants are asked
    ADMINISTER = "administer"  # reassign cases, set the review policy, retention
    MANAGE_PEOPLE = "manage_people"  # make accounts, give and take roles
    OPERATE = "operate"  # the state of the machinery


@dataclass(frozen=True)
class Model:
    """A released model as the policy sees it."""

    family_id: int
    variant_id: int
    licence_version_id: int  # that the release was published under
    withdrawn: bool
    name: str  # for sentences: "LLaMA 7B"
    family_slug: str


@dataclass(frozen=True)
class Case:
    """An application, a grant or a role as the policy sees it: a matter that is about one person."""

    applicant_id: int  # whom it is about
    involved: frozenset[int] = frozenset()  # who stands too near to it: lab mates, referees, declared conflicts


@dataclass(frozen=True)
class Office:
    """The house itself: the resource of actions that concern no single case or model."""


Resource = Model | Case | Office
Actor = User | AnonymousUser | None


@dataclass(frozen=True)
class Granted:
    """Yes; `grant` is the right that it rests on, where there is one."""

    grant: Grant | None = None


@dataclass(frozen=True)
class Refused:
    """No: why, and what would help."""

    code: str
    explanation: str
    remedy: str
    remedy_path: str = ""


Decision = Granted | Refused
KEEPERS = {
    Action.MANAGE_RELEASES: Role.RELEASE_MANAGER,
    Action.MANAGE_LICENCES: Role.ADMIN,
    Action.MANAGE_FORMS: Role.ADMIN,
}
T = TypeVar("T")


def decide(actor: Actor, action: Action, resource: Resource, now: datetime) -> Decision:
    """May `actor` do this at `now`? The answer holds for this moment only and is not to be kept."""
    if not isinstance(actor, User):
        return Refused(
            "not_signed_in", _("You are not signed in."), _("Sign in, then try again."), reverse("account_login")
        )
    if not actor.is_active:
        return Refused("account_closed", _("This account is closed."), _("Write to us if you think it should not be."))
    match action:
        case Action.DOWNLOAD | Action.INFER:
            assert isinstance(resource, Model)
            return _decide_model(actor, action, resource, now)
        case Action.USE_INFERENCE:
            return _decide_inference(actor, now)
        case Action.REVIEW:
            return _decide_case(actor, resource, Role.REVIEWER, Role.DECIDER)
        case Action.DECIDE:
            return _decide_case(actor, resource, Role.DECIDER)
        case Action.MANAGE_RELEASES | Action.MANAGE_LICENCES | Action.MANAGE_FORMS:
            return _decide_role(actor, KEEPERS[action])
        case Action.ADMINISTER:
            return _decide_role(actor, Role.ADMIN)
        case Action.MANAGE_PEOPLE:
            return _decide_case(actor, resource, Role.OPERATOR)
        case Action.OPERATE:
            return _decide_role(actor, Role.OPERATOR, Role.AUDITOR)
        case _:
            assert_never(action)


def require(actor: Actor, action: Action, resource: Resource, now: datetime) -> Granted:
    """`decide`, for commands: raises PermissionRefusedError with the same words."""
    decision = decide(actor, action, resource, now)
    if isinstance(decision, Refused):
        raise PermissionRefusedError(decision.code, decision.explanation, decision.remedy, decision.remedy_path)
    return decision


def _decide_model(actor: User, action: Action, model: Model, now: datetime) -> Decision:
    if model.withdrawn:
        return Refused(
            "release_withdrawn",
            _("This release of %(model)s was withdrawn.") % {"model": model.name},
            _("See the model's page for the reason and for newer releases."),
            reverse("family", args=[model.family_slug]),
        )
    grants = list(Grant.objects.filter(holder=actor, family_id=model.family_id).order_by("-starts_at", "-pk"))
    if not grants:
        return _without_grant(actor, model)
    refusals: list[Refused] = []
    for grant in grants:
        refusal = _grant_problem(grant, now) or _scope_problem(grant, action, model)
        if refusal is None:
            return _licence_problem(actor, model) or Granted(grant)
        refusals.append(refusal)
    return _being_renewed(actor, model, refusals[0])  # the newest grant tells best why


def _being_renewed(actor: User, model: Model | None, refusal: Refused) -> Refused:
    """Whoever has applied again after the end should hear of that, and not that they might."""
    if refusal.code != "grant_expired":
        return refusal
    without = _without_grant(actor, model)
    return without if without.code == "pending" else refusal


def _decide_inference(actor: User, now: datetime) -> Decision:
    grants = list(Grant.objects.filter(holder=actor).order_by("-starts_at", "-pk"))
    refusals: list[Refused] = []
    for grant in grants:
        refusal = _grant_problem(grant, now)
        if refusal is None and grant.may_infer:
            return Granted(grant)
        refusals.append(refusal or _no_inference())
    return _being_renewed(actor, None, refusals[0]) if refusals else _without_grant(actor, None)


def _without_grant(actor: User, model: Model | None) -> Refused:
    """Nobody has granted anything: because it was never asked, is being decided, or was refused."""
    applications = Application.objects.filter(applicant=actor)
    if model is not None:
        applications = applications.filter(family_id=model.family_id)
    latest = applications.order_by("-submitted_at", "-pk").first()
    if latest is not None and latest.state in OPEN_STATES:
        return Refused(
            "pending",
            _("Your application %(number)s is still being decided.") % {"number": latest.number},
            _("Its page shows who has to act next."),
            reverse("application", args=[latest.number]),
        )
    if latest is not None and latest.state in REFUSED_STATES:
        return Refused(
            "refused",
            _("Your application %(number)s was refused.") % {"number": latest.number},
            _("Its page gives the reason and what you can do."),
            reverse("application", args=[latest.number]),
        )
    name = _("any model") if model is None else model.name
    return Refused(
        "not_applied",
        _("You have no licence for %(model)s.") % {"model": name},
        _("Apply for one; every application is read by a person."),
        reverse("catalogue") if model is None else reverse("apply", args=[model.family_slug]),
    )


def _grant_problem(grant: Grant, now: datetime) -> Refused | None:
    """Why this grant gives nothing at `now`. Dates count whatever the state says: no timer has to run first.

    The end is told before a suspension, which nobody can lift any more.
    """
    where = reverse("my_grants")
    names = {"number": grant.number, "reason": grant.state_reason}
    if grant.state == Grant.State.REVOKED:
        return Refused(
            "grant_revoked", _("Your grant %(number)s was revoked: %(reason)s") % names, _("Its page says more."), where
        )
    if grant.state == Grant.State.EXPIRED or now >= grant.ends_at:
        return Refused(
            "grant_expired",
            _("Your grant %(number)s ended on %(date)s.") % {**names, "date": date_format(grant.ends_at)},
            _("Apply again to renew it."),
            where,
        )
    if grant.state != Grant.State.ACTIVE:
        return Refused(
            "grant_suspended",
            _("Your grant %(number)s is suspended: %(reason)s") % names,
            _("Its page says what happens next."),
            where,
        )
    if now < grant.starts_at:
        return Refused(
            "grant_not_started",
            _("Your grant %(number)s begins on %(date)s.") % {**names, "date": date_format(grant.starts_at)},
            _("Try again then."),
            where,
        )
    return None


def _scope_problem(grant: Grant, action: Action, model: Model) -> Refused | None:
    if not grant.whole_family and not grant.variants.filter(pk=model.variant_id).exists():
        return Refused(
            "variant_not_in_scope",
            _("Your grant %(number)s does not cover %(model)s.") % {"number": grant.number, "model": model.name},
            _("Apply again and name the sizes that you need."),
            reverse("apply", args=[model.family_slug]),
        )
    if action == Action.DOWNLOAD and not grant.may_download:
        return Refused(
            "download_not_in_scope",
            _("Your grant %(number)s covers running the model here, not downloading it.") % {"number": grant.number},
            _("Use the inference API, or ask for downloads in a new application."),
            reverse("my_grants"),
        )
    if action == Action.INFER and not grant.may_infer:
        return _no_inference()
    return None


def _no_inference() -> Refused:
    return Refused(
        "inference_not_in_scope",
        _("Your grant covers downloading the model, not running it here."),
        _("Ask for inference in a new application."),
        reverse("my_grants"),
    )


def _licence_problem(actor: User, model: Model) -> Refused | None:
    """A right needs the holder's own acceptance of the text that the release was published under, or of a later one.

    Only the current text can be accepted: without the second half, whoever comes after a new text could never use
    what was released before it.
    """
    text = LicenceVersion.objects.select_related("licence").get(pk=model.licence_version_id)
    accepted = LicenceAcceptance.objects.filter(user=actor, version__licence=text.licence)
    if accepted.filter(version__published_at__gte=text.published_at).exists():
        return None
    return Refused(
        "licence_outdated",
        _("%(model)s is released under a licence version that you have not accepted.") % {"model": model.name},
        _("Read the current version and accept it; your grant stays as it is."),
        reverse("licence_version", args=[(current_version(text.licence) or text).pk]),
    )


def _decide_case(actor: User, resource: Resource, *roles: Role) -> Decision:
    decision = _decide_role(actor, *roles)
    if isinstance(resource, Case) and resource.applicant_id == actor.pk and isinstance(decision, Granted):
        return Refused("own_case", _("Nobody handles a case of their own."), _("A colleague has to take it."))
    if isinstance(resource, Case) and actor.pk in resource.involved and isinstance(decision, Granted):
        return Refused(
            "conflict_of_interest", _("You stand too near to this case to handle it."), _("A colleague has to take it.")
        )
    return decision


def _decide_role(actor: User, *roles: Role) -> Decision:
    if actor.has_role(*roles):
        return Granted()
    return Refused(
        "role_missing",
        _("This is for staff with another role."),
        _("Ask an administrator if you should have it."),
    )


def usable(actor: Actor, action: Action, items: list[T], as_model: Callable[[T], Model], now: datetime) -> list[T]:
    """Those of `items` that `decide` grants: every list of what a person may use is made here, by the same rule."""
    return [item for item in items if isinstance(decide(actor, action, as_model(item), now), Granted)]
