"""What a reviewer does with a case: take it, hand it over, ask, judge, note, hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.checklist import require_checked
from access_portal.applications.commands.step import advance, locked, required_text, tell
from access_portal.applications.forms import definition_of
from access_portal.applications.models import Application, InfoRequest, Note, Opinion, Recommendation, Verdict
from access_portal.applications.reasons import REASONS
from access_portal.applications.review_policy import policy_for
from access_portal.applications.standing import standing
from access_portal.applications.undoing import undoable_until
from access_portal.applications.workflow import Command, State, Who
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.policy import Actor

SHORTEST_ANSWER_TIME = timedelta(days=1)


@dataclass(frozen=True)
class Ask:
    """One thing to ask of the applicant; without a question it is about the application as a whole."""

    text: str
    question: str = ""


def claim(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Take the case for two hours, take over one whose claim lapsed, or keep one's own for longer.

    Raises ConflictError `wrong_state`, `claimed_by_other` or `stale_version`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.CLAIM, version, now)
        assert isinstance(actor, User)
        application.claimed_by = application.handler = actor
        application.claimed_at = now
        advance(application, actor, Command.CLAIM, now)
    return application


def release(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Give a claimed case back to the queue; raises as `claim` does, or `not_claimed_by_you`."""
    with transaction.atomic():
        application = locked(number, actor, Command.RELEASE, version, now)
        application.claimed_by = application.claimed_at = None
        back = State.SUBMITTED if application.rounds == 1 else State.REVISED
        advance(application, actor, Command.RELEASE, now, to=back)
    return application


def hand_over(*, actor: Actor, number: str, version: int, to: User, now: datetime) -> Application:
    """Give the case to a colleague, who is told. Raises ConflictError `colleague_unfit` or as `claim` does."""
    with transaction.atomic():
        application = locked(number, actor, Command.HAND_OVER, version, now)
        if Who.REVIEWER not in standing(application, to, now):
            raise ConflictError(
                "colleague_unfit",
                _("%(name)s cannot handle this case.") % {"name": to},
                _("Choose a reviewer who does not stand too near to it."),
            )
        application.claimed_by = application.handler = to
        application.claimed_at = now
        advance(application, actor, Command.HAND_OVER, now, {"to": to.pk})
        if to != actor:
            tell(to, "handed_over", application, now, {"by": actor})
    return application


def request_info(
    *, actor: Actor, number: str, version: int, asks: Sequence[Ask], due_at: datetime | None = None, now: datetime
) -> Application:
    """Return the case to the applicant with at least one thing to answer, by `due_at` or the policy's time.

    The mail leaves after the time to undo. Raises InvalidError `nothing_asked`, `unknown_question`, `due_too_soon`,
    otherwise as `claim` does.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.REQUEST_INFO, version, now, "form")
        assert isinstance(actor, User)
        if not asks:
            raise InvalidError("nothing_asked", _("Say what the applicant is to answer or change."), field="asks")
        for ask in asks:
            _require_question(application, ask.question)
            InfoRequest.objects.create(
                application=application,
                round=application.rounds,
                question=ask.question,
                text=required_text(ask.text, "asks", least=10),
                asked_by=actor,
                asked_at=now,
            )
        application.due_at = due_at or now + policy_for(application).answer_time
        if application.due_at < now + SHORTEST_ANSWER_TIME:
            raise InvalidError("due_too_soon", _("Give the applicant some time."), field="due_at")
        application.claimed_by = application.claimed_at = None
        leaves = undoable_until(application, actor, State.IN_REVIEW, now)
        advance(application, actor, Command.REQUEST_INFO, now, {"asked": len(asks)})
        tell(application.applicant, "info_requested", application, now, {"asks": asks}, not_before=leaves)
    return application


def opine(*, actor: Actor, number: str, verdict: str, text: str, now: datetime) -> Opinion:
    """Give one's view of the current round, once. Raises ConflictError `already_given`, InvalidError."""
    with transaction.atomic():
        application = locked(number, actor, Command.OPINE, None, now)
        assert isinstance(actor, User)
        if application.opinions.filter(round=application.rounds, by=actor).exists():
            raise ConflictError("already_given", _("You have given your opinion of this round."))
        opinion = Opinion.objects.create(
            application=application,
            round=application.rounds,
            by=actor,
            verdict=known_verdict(verdict),
            text=required_text(text, "text"),
            at=now,
        )
        advance(application, actor, Command.OPINE, now)
    return opinion


def recommend(
    *,
    actor: Actor,
    number: str,
    version: int,
    verdict: str,
    text: str,
    checked: Collection[str],
    code: str = "",
    doubt: bool = False,
    now: datetime,
) -> Application:
    """Propose an answer to the deciders, with the checklist ticked; `doubt` asks for a second pair of eyes.

    Raises InvalidError `checklist_open`, `unknown_reason`, `unknown_verdict`, otherwise as `claim` does.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.RECOMMEND, version, now, "form")
        assert isinstance(actor, User)
        ticked = require_checked(application, checked)
        application.recommendation = Recommendation.objects.create(
            application=application,
            round=application.rounds,
            by=actor,
            verdict=known_verdict(verdict),
            code=known_reason(code) if verdict != Verdict.APPROVE else "",
            text=required_text(text, "text"),
            checked=ticked,
            doubt=doubt,
            at=now,
        )
        application.claimed_by = application.claimed_at = None
        application.final_proposal = None
        advance(application, actor, Command.RECOMMEND, now, {"verdict": verdict, "doubt": doubt})
    return application


def note(*, actor: Actor, number: str, text: str, now: datetime) -> Note:
    """Leave a note for colleagues, which the applicant never sees."""
    with transaction.atomic():
        application = locked(number, actor, Command.NOTE, None, now)
        assert isinstance(actor, User)
        words = required_text(text, "text")
        made = Note.objects.create(application=application, author=actor, text=words, at=now)
        advance(application, actor, Command.NOTE, now)
    return made


def known_verdict(verdict: str) -> str:
    """Raises InvalidError `unknown_verdict`."""
    if verdict not in Verdict.values:
        raise InvalidError("unknown_verdict", _("Choose one of the answers offered."), field="verdict")
    return verdict


def known_reason(code: str) -> str:
    """Raises InvalidError `unknown_reason`."""
    if code not in REASONS:
        raise InvalidError("unknown_reason", _("Choose one of the reasons offered."), field="code")
    return code


def _require_question(application: Application, name: str) -> None:
    if name and definition_of(application).question(name) is None:
        raise InvalidError("unknown_question", _("The form has no such question."), field="asks")
