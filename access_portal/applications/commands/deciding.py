"""What a decider does: approve, refuse, send back, undo, answer an appeal, hold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.checklist import require_checked
from access_portal.applications.commands.reviewing import known_reason
from access_portal.applications.commands.step import advance, locked, required_text, tell
from access_portal.applications.families import keys_of_variants
from access_portal.applications.models import Application, Decision, Verdict
from access_portal.applications.obstacles import refusal
from access_portal.applications.reasons import REASONS
from access_portal.applications.review_policy import gives_what_needs_four_eyes
from access_portal.applications.standing import page_for, standing
from access_portal.applications.terms import Terms
from access_portal.applications.undoing import MAIL_OF, nothing_to_undo, undoable_until
from access_portal.applications.workflow import Command, Condition, State, Who
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.commands import create_grant, undo_grant
from access_portal.grants.models import Grant
from access_portal.grants.policy import Actor
from access_portal.licences.queries import current_version
from access_portal.outbox.commands import cancel_unsent

SHORTEST_REFUSAL = 30  # characters: a refusal in one word helps nobody
STATE_AFTER = {Verdict.REFUSE_FIXABLE: State.REFUSED_FIXABLE, Verdict.REFUSE_FINAL: State.REFUSED_FINAL}
LONGEST_RETRY = timedelta(days=366)  # a refusal that can be mended is not one for good


def approve(
    *,
    actor: Actor,
    number: str,
    version: int,
    terms: Terms,
    checked: Collection[str] = (),
    undo_seconds: int | None = None,
    now: datetime,
) -> Grant:
    """Answer with a grant, which is made in the same transaction under the licence version that was accepted.

    Who decides without a recommendation ticks the checklist (`checked`). `undo_seconds` 0 is for who was promised that
    it holds at once, and gives up that it can be undone; None is the house's minute.

    Raises ConflictError `wrong_state`, `on_hold`, `needs_recommendation`, `four_eyes`, `licence_outdated` or
    `stale_version`, InvalidError `checklist_open`, PermissionRefusedError `role_missing`, `own_case` or
    `conflict_of_interest`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.APPROVE, version, now, "form", "acceptance__version__licence")
        assert isinstance(actor, User)
        if application.state == State.IN_REVIEW:
            require_checked(application, checked)
        _require_second_pair(application, actor, terms)
        _require_current_licence(application)
        application.decision = _decision(application, actor, Verdict.APPROVE, now, text=terms.reason)
        leaves = _answered(application, actor, now, undo_seconds)
        grant = _grant(application, actor, terms, leaves, now)
        advance(application, actor, Command.APPROVE, now, {"grant": grant.number, "months": terms.duration_months})
        tell(application.applicant, "approved", application, now, {"grant": grant}, not_before=leaves)
    return grant


def refuse_fixable(
    *,
    actor: Actor,
    number: str,
    version: int,
    code: str,
    text: str,
    what_to_change: str,
    retry_from: date | None = None,
    undo_seconds: int | None = None,
    now: datetime,
) -> Application:
    """Answer with a reason, a text that the applicant reads, and what to change before applying again.

    Raises InvalidError for a code that `reasons.REASONS` lacks or words that say too little, otherwise as `approve`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.REFUSE_FIXABLE, version, now)
        assert isinstance(actor, User)
        if not what_to_change.strip():
            raise InvalidError("no_next_step", _("Say what to change before applying again."), field="what_to_change")
        if retry_from is not None and retry_from > (now + LONGEST_RETRY).date():
            raise InvalidError("retry_too_late", _("Choose a day within the next year."), field="retry_from")
        application.decision = _refusal(
            application, actor, Verdict.REFUSE_FIXABLE, code, text, now, what_to_change, retry_from
        )
        leaves = _answered(application, actor, now, undo_seconds)
        advance(application, actor, Command.REFUSE_FIXABLE, now, {"code": code})
        _tell_refusal(application, leaves, now)
    return application


def propose_final(*, actor: Actor, number: str, version: int, code: str, text: str, now: datetime) -> Application:
    """Write a final refusal, for another decider to confirm; a later proposal takes the place of an earlier one."""
    with transaction.atomic():
        application = locked(number, actor, Command.PROPOSE_FINAL, version, now)
        assert isinstance(actor, User)
        application.final_proposal = _refusal(application, actor, Verdict.REFUSE_FINAL, code, text, now)
        advance(application, actor, Command.PROPOSE_FINAL, now, {"code": code})
    return application


def refuse_final(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Confirm the final refusal that another decider wrote; the applicant is told how to appeal.

    Raises ConflictError `final_needs_two`, otherwise as `approve`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.REFUSE_FINAL, version, now)
        assert isinstance(actor, User)
        decision = application.final_proposal
        assert decision is not None
        decision.confirmed_by, decision.confirmed_at = actor, now
        decision.save(update_fields=["confirmed_by", "confirmed_at"])
        application.decision, application.final_proposal = decision, None
        leaves = _answered(application, actor, now)
        advance(application, actor, Command.REFUSE_FINAL, now, {"code": decision.code, "proposed_by": decision.by_id})
        _tell_refusal(application, leaves, now)
    return application


def send_back(*, actor: Actor, number: str, version: int, text: str, now: datetime) -> Application:
    """Give a recommended case back to whoever recommended it, with a comment; if they may not have it, take it."""
    with transaction.atomic():
        application = locked(number, actor, Command.SEND_BACK, version, now)
        assert application.recommendation is not None
        comment = required_text(text, "text")
        assert isinstance(actor, User)
        recommender = application.recommendation.by
        fit = Who.REVIEWER in standing(application, recommender, now)
        application.claimed_by = application.handler = recommender if fit else actor
        application.claimed_at = now
        application.final_proposal = None
        advance(application, actor, Command.SEND_BACK, now)
        if fit:
            tell(recommender, "sent_back", application, now, {"comment": comment})
    return application


def undo(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Take one's own decision or question back before its mail has left: the applicant hears nothing of it.

    Raises ConflictError `undo_over` when the time is over or the mail is on its way, otherwise as `approve`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.UNDO, version, now)
        assert isinstance(actor, User)
        was = State(application.state)
        if not cancel_unsent(about=application.subject, template=MAIL_OF[was], now=now):
            raise ConflictError(
                "undo_over", _("The mail is already on its way."), _("Write to the applicant, or act anew.")
            )
        _take_back(application, was, actor, now)
        back = State(application.undo_to)
        if back == State.IN_REVIEW:
            application.claimed_by, application.claimed_at = actor, now
        nothing_to_undo(application)
        advance(application, actor, Command.UNDO, now, {"was": str(was)}, to=back)
    return application


def decide_appeal(*, actor: Actor, number: str, version: int, upheld: bool, ground: str, now: datetime) -> Application:
    """Answer an appeal: upheld, the case is looked at again by whoever decides this; otherwise the refusal stands.

    It stands as what it was: one person alone does not make a final refusal of one that could be mended.

    Raises ConflictError `was_involved`, otherwise as `approve`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.DECIDE_APPEAL, version, now, "appeal__against")
        assert isinstance(actor, User)
        appeal = application.appeal
        appeal.upheld, appeal.ground = upheld, required_text(ground, "ground", least=SHORTEST_REFUSAL)
        appeal.decided_by, appeal.decided_at = actor, now
        appeal.save(update_fields=["upheld", "ground", "decided_by", "decided_at"])
        if upheld:
            application.decision = application.recommendation = application.final_proposal = None
            application.claimed_by = application.handler = actor
            application.claimed_at = now
        to = State.IN_REVIEW if upheld else STATE_AFTER[Verdict(appeal.against.verdict)]
        advance(application, actor, Command.DECIDE_APPEAL, now, {"upheld": upheld}, to=to)
        tell(application.applicant, "appeal_decided", application, now, {"appeal": appeal})
    return application


def _require_second_pair(application: Application, actor: User, terms: Terms) -> None:
    """What is given may ask for four eyes where what was asked for does not."""
    if not gives_what_needs_four_eyes(application, terms.variants, whole_family=terms.whole_family):
        return
    recommendation = application.recommendation
    if application.state == State.IN_REVIEW:
        raise refusal(Condition.SINGLE_EYE, application, page_for(application, actor))
    if recommendation is None or recommendation.by_id == actor.pk:
        raise refusal(Condition.SECOND_PAIR, application, page_for(application, actor))


def _require_current_licence(application: Application) -> None:
    """A text that asks for consent anew must be accepted before there is a grant under the old one."""
    assert application.acceptance is not None
    accepted = application.acceptance.version
    current = current_version(accepted.licence)
    if current is not None and current.pk != accepted.pk and current.reconsent_by is not None:
        raise ConflictError(
            "licence_outdated",
            _("The licence has a new version that the applicant has not accepted yet."),
            _("Ask the applicant to send the application again: they accept the new text then."),
        )


def _refusal(
    application: Application,
    actor: User,
    verdict: Verdict,
    code: str,
    text: str,
    now: datetime,
    what_to_change: str = "",
    retry_from: date | None = None,
) -> Decision:
    return _decision(
        application,
        actor,
        verdict,
        now,
        code=known_reason(code),
        text=required_text(text, "text", least=SHORTEST_REFUSAL),
        what_to_change=what_to_change.strip(),
        retry_from=retry_from,
    )


def _decision(application: Application, actor: User, verdict: Verdict, now: datetime, **words: Any) -> Decision:
    return Decision.objects.create(
        application=application,
        applicant_id=application.applicant_id,
        round=application.rounds,
        verdict=verdict,
        by=actor,
        at=now,
        **words,
    )


def _answered(application: Application, actor: User, now: datetime, undo_seconds: int | None = None) -> datetime:
    """Nobody holds the case any more; `actor` may undo it until the moment that is returned."""
    leaves = undoable_until(application, actor, State(application.state), now, undo_seconds)
    application.claimed_by = application.claimed_at = None
    return leaves


def _tell_refusal(application: Application, leaves: datetime, now: datetime) -> None:
    assert application.decision is not None
    words = {"decision": application.decision, "reason": REASONS[application.decision.code]}
    tell(application.applicant, "refused", application, now, words, not_before=leaves)


def _take_back(application: Application, was: State, actor: User, now: datetime) -> None:
    if was == State.INFO_REQUESTED:
        application.info_requests.filter(settled_at=None).update(settled_at=now)
        return
    decision = application.decision
    assert decision is not None
    decision.undone_at = now
    decision.save(update_fields=["undone_at"])
    if was == State.APPROVED:
        undo_grant(grant=application.grants.latest("pk"), actor=actor, now=now)
    application.decision = None


def _grant(application: Application, actor: User, terms: Terms, starts_at: datetime, now: datetime) -> Grant:
    assert application.acceptance is not None
    return create_grant(
        holder=application.applicant,
        family_id=application.family_id,
        licence_version=application.acceptance.version,
        variants=keys_of_variants(application.family, terms.variants),
        whole_family=terms.whole_family,
        kind=Grant.Kind.LAB if terms.lab_name else Grant.Kind.PERSON,
        lab_name=terms.lab_name,
        starts_at=starts_at,  # when the applicant hears of it: nothing is used that can still be undone
        ends_at=terms.ends_at(now),
        reason=terms.reason,
        token_quota=terms.token_quota if terms.may_infer else 0,
        bytes_per_day=terms.bytes_per_day,
        may_download=terms.may_download,
        may_infer=terms.may_infer,
        given_by=actor,
        application=application,
        now=now,
    )
