"""The whole chain of facts from a question to its answer; the first that does not hold is the answer.

`policy.decide` reads it up to there and `policy.explain` to the end, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.applications.workflow import OPEN_STATES, REFUSED_STATES, State
from access_portal.grants import rights
from access_portal.grants.facts import ROLES, Fact, about_the_asker, about_the_office, in_force, not_signed_in
from access_portal.grants.models import Grant, Stop
from access_portal.grants.queries import rights_at
from access_portal.grants.questions import Action, Actor, Model, Resource

OVER = ("grant_expired", "grant_surrendered", "grant_superseded")  # what a new application can mend
UNDER_WAY = ("pending", "info_requested")


def chain(
    actor: Actor, action: Action, resource: Resource, now: datetime, stops: Iterable[Stop] | None = None
) -> Iterator[Fact]:
    """The facts that this question turns on, in order; it ends where nothing more can be asked.

    `stops` are those in force, where they have been looked up for another question of the same moment.
    """
    if not isinstance(actor, User):
        yield not_signed_in()
        return
    stops = in_force() if stops is None else stops
    yield from about_the_asker(actor, stops)
    if action in ROLES:
        yield from about_the_office(actor, action, resource)
    elif action == Action.USE_INFERENCE:
        yield from _about_the_api(actor, stops, now)
    else:
        assert isinstance(resource, Model)
        yield from _about_a_model(actor, action, resource, stops, now)


def _about_a_model(actor: User, action: Action, model: Model, stops: Iterable[Stop], now: datetime) -> Iterator[Fact]:
    yield Fact(
        "release_withdrawn",
        not model.withdrawn,
        _there(model) % {"model": model.name},
        _("See the model's page for the reason and for newer releases."),
        reverse("family", args=[model.family_slug]),
    )
    theirs = [grant for grant in rights_at(actor, now) if grant.family_id == model.family_id]
    grants = _resting_on(theirs, model.under)

    def facts(grant: Grant) -> Iterator[Fact]:
        yield rights.held(actor, grant)
        yield from rights.life(actor, grant, stops, now)
        yield from rights.reach(grant, action, model)
        yield rights.accepted_licence(actor, model, now)

    yield from _best(actor, model, grants, facts, now)


def _there(model: Model) -> str:
    if model.withdrawn:
        return _("This release of %(model)s was withdrawn.")
    if model.deprecated:
        return _("This release of %(model)s is deprecated: it can still be had, and its page says what to use instead.")
    return _("This release of %(model)s is there.")


def _about_the_api(actor: User, stops: Iterable[Stop], now: datetime) -> Iterator[Fact]:
    grants = rights_at(actor, now)

    def facts(grant: Grant) -> Iterator[Fact]:
        yield rights.held(actor, grant)
        yield from rights.life(actor, grant, stops, now)
        yield rights.allows_inference(grant)

    yield from _best(actor, None, grants, facts, now)


def _best(
    actor: User, model: Model | None, grants: list[Grant], facts: Callable[[Grant], Iterator[Fact]], now: datetime
) -> Iterator[Fact]:
    """The chain of the newest grant that holds throughout; where none does, the newest tells best why."""
    if not grants:
        yield _applied(actor, model, now)
        return
    chains = [list(facts(grant)) for grant in grants]
    best = next((links for links in chains if all(fact.holds for fact in links)), chains[0])
    for fact in best:
        yield _applied_again(actor, model, fact, now)


def _applied_again(actor: User, model: Model | None, fact: Fact, now: datetime) -> Fact:
    """Whoever has applied again after the end should hear of that, and not that they might."""
    if fact.holds or fact.code not in OVER:
        return fact
    applied = _applied(actor, model, now)
    return applied if applied.code in UNDER_WAY else fact


def _resting_on(grants: list[Grant], under: int | None) -> list[Grant]:
    """Those of `grants` that may carry work which began `under` one of them."""
    if under is None:
        return grants
    line = {under}
    for grant in sorted(grants, key=lambda grant: grant.pk):
        if grant.supersedes_id in line:
            line.add(grant.pk)
    return [grant for grant in grants if grant.pk in line]


def _applied(actor: User, model: Model | None, now: datetime) -> Fact:
    """Nobody has granted anything: because it was never asked, is being written or decided, or was refused."""
    applications = Application.objects.filter(applicant=actor)
    if model is not None:
        applications = applications.filter(family_id=model.family_id)
    latest = applications.order_by(Coalesce("submitted_at", "created_at").desc(), "-pk").first()
    if latest is not None:
        latest.state = latest.told_state(now)  # a decision that can still be undone was not told yet
    if latest is None or (latest.state not in OPEN_STATES and latest.state not in REFUSED_STATES):
        return _not_applied(model)
    return _asked(latest)


def _asked(application: Application) -> Fact:
    number = {"number": application.number}
    page = reverse("application", args=[application.number])
    if application.state == State.DRAFT:
        said = _("You have begun application %(number)s but not sent it.") % number
        path = reverse("edit_application", args=[application.number])
        return Fact(
            "not_applied", False, said, _("Finish it and send it; every application is read by a person."), path
        )
    if application.state == State.INFO_REQUESTED:
        said = _("Your application %(number)s waits for an answer from you.") % number
        return Fact("info_requested", False, said, _("Its page says what is asked."), page)
    if application.state in REFUSED_STATES:
        said = _("Your application %(number)s was refused.") % number
        return Fact("refused", False, said, _("Its page gives the reason and what you can do."), page)
    said = _("Your application %(number)s is still being decided.") % number
    return Fact("pending", False, said, _("Its page shows who has to act next."), page)


def _not_applied(model: Model | None) -> Fact:
    name = _("any model") if model is None else model.name
    return Fact(
        "not_applied",
        False,
        _("You have no licence for %(model)s.") % {"model": name},
        _("Apply for one; every application is read by a person."),
        reverse("catalogue") if model is None else reverse("apply", args=[model.family_slug]),
    )
