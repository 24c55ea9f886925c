"""From one status to another: each is a command of the house, given to whoever may give it and on its conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, override

from access_portal.accounts.models import User
from access_portal.applications import commands as cases
from access_portal.applications.forms import definition_of
from access_portal.applications.models import Application, State
from access_portal.applications.obstacles import refusal
from access_portal.applications.standing import page_for
from access_portal.applications.terms import Terms, asked_terms
from access_portal.applications.workflow import Obstacle
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants import commands as grants
from access_portal.grants.commands.stopping import LOOK_AGAIN
from access_portal.grants.models import Grant
from release.hub.access.requests import AccessRequest, Status
from release.models import Variant

APPROVED = gettext_lazy("Approved as applied for.")
MEND = gettext_lazy("Apply again once what is said above no longer holds.")
LIFTED = gettext_lazy("Your access was looked at, and you have it again.")
SUSPENDED = gettext_lazy("Your access waits again, while we look at it. If you have a question, answer to this mail.")
TICKED = gettext_noop("Accepted through the Hub protocol, which says here that the whole checklist was gone by.")
AT_ONCE = 0  # seconds to undo: clients are promised that the next request finds it so
UNTAKEN = (State.SUBMITTED, State.REVISED)


def move(asked: AccessRequest, to: Status, *, variant: Variant, actor: User, reason: str, now: datetime) -> None:
    """Raises what the commands raise; nothing is done then, not even the claim that went before."""
    with transaction.atomic():
        if asked.grant is not None:
            _GRANTS[to](asked.grant, actor, reason, now)
        else:
            assert asked.application is not None
            _CASES[to](asked.application, variant, actor, reason, now)


def _approve(case: Application, variant: Variant, actor: User, _reason: str, now: datetime) -> None:
    """As it was applied for. Whoever decides alone has ticked the checklist first, on the page of the case."""
    terms = asked_terms(case.answers)
    if not terms["may_download"]:
        raise ConflictError(
            "download_not_asked",
            _("Application %(number)s asks to run the model here, not to download it.") % {"number": case.number},
            _("Decide about it on its page."),
            page_for(case, actor),
        )
    sizes = tuple(terms.pop("variants")) or (variant.slug,)
    taken = _taken(case, actor, now)
    checked = _checked(taken)
    try:
        cases.approve(
            actor=actor,
            number=str(taken.number),
            version=taken.version,
            terms=Terms(**terms, variants=sizes, reason=_to(taken.applicant, APPROVED)),
            checked=checked,
            undo_seconds=AT_ONCE,
            now=now,
        )
    except InvalidError as open_points:
        if open_points.code != "checklist_open":
            raise
        raise _unchecked(taken, open_points, actor) from open_points
    if checked:  # for colleagues, who read later on what it was decided
        cases.note(actor=actor, number=str(taken.number), text=_(TICKED), now=now)


def _refuse(case: Application, _variant: Variant, actor: User, reason: str, now: datetime) -> None:
    """One that can be mended: a refusal for good needs two people, who find each other on the page of the case."""
    taken = _taken(case, actor, now)
    cases.refuse_fixable(
        actor=actor,
        number=str(taken.number),
        version=taken.version,
        code="other",
        text=reason,
        what_to_change=_to(taken.applicant, MEND),
        undo_seconds=AT_ONCE,
        now=now,
    )


def _reopen(case: Application, _variant: Variant, actor: User, _reason: str, _now: datetime) -> None:
    """An answer stands; only its applicant can bring it back, by an appeal or another application."""
    raise refusal(Obstacle.WRONG_STATE, case, page_for(case, actor))


def _lift(grant: Grant, actor: User, _reason: str, now: datetime) -> None:
    said = _to(grant.holder, LIFTED)
    grants.lift(actor=actor, number=str(grant.number), version=grant.version, reason=said, now=now)


def _suspend(grant: Grant, actor: User, _reason: str, now: datetime) -> None:
    said = _to(grant.holder, SUSPENDED)
    grants.suspend(
        actor=actor, number=str(grant.number), version=grant.version, reason=said, review_at=now + LOOK_AGAIN, now=now
    )


def _revoke(grant: Grant, actor: User, reason: str, now: datetime) -> None:
    """As far as one person may: it stops at once, and ends for good when another decider confirms it."""
    grants.revoke_at_once(actor=actor, number=str(grant.number), version=grant.version, reason=reason, now=now)


def _taken(case: Application, actor: User, now: datetime) -> Application:
    """The case as the actor's own, where somebody has to hold it."""
    foreign = case.state == State.IN_REVIEW and case.claimed_by_id != actor.pk
    if case.state in UNTAKEN or foreign:
        return cases.claim(actor=actor, number=str(case.number), version=case.version, now=now)
    return case


def _unchecked(case: Application, open_points: InvalidError, actor: User) -> ConflictError:
    """What was sent is right; what is missing is done elsewhere."""
    return ConflictError(
        open_points.code,
        open_points.explanation,
        _("A client shows no checklist. Tick it on the page of the case: approve there, or recommend and accept then."),
        page_for(case, actor),
    )


def _to(person: User, words: Promise) -> str:
    """Clients send no words with most answers; whoever reads them in a mail has a language of their own."""
    with override(person.language):
        return str(words)


def _checked(case: Application) -> list[str]:
    """Nothing, since a client shows no checklist; unless an acceptance says in this house that it was gone by."""
    if not settings.HUB_ACCEPT_TICKS or case.state != State.IN_REVIEW:
        return []
    return [point.id for point in definition_of(case).checklist]


_CASES: Mapping[Status, Callable[[Application, Variant, User, str, datetime], None]] = {
    Status.ACCEPTED: _approve,
    Status.REJECTED: _refuse,
    Status.PENDING: _reopen,
}
_GRANTS: Mapping[Status, Callable[[Grant, User, str, datetime], None]] = {
    Status.ACCEPTED: _lift,
    Status.REJECTED: _revoke,
    Status.PENDING: _suspend,
}
