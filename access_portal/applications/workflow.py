"""What may happen to an application: states, commands, who may give them and on which conditions, as one table.

Pure: no database, no request. Buttons (`allowed`), enforcement (`obstacle`), tests and the documentation page all read
`TABLE`; `standing.py` works out who a person is to a case and which conditions do not hold for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where an application stands."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    INFO_REQUESTED = "info_requested", _("Waiting for your answer")
    REVISED = "revised", _("Answered")
    RECOMMENDED = "recommended", _("Waiting for a decision")
    APPROVED = "approved", _("Approved")
    REFUSED_FIXABLE = "refused_fixable", _("Refused; may be mended")
    REFUSED_FINAL = "refused_final", _("Refused")
    APPEALED = "appealed", _("Under appeal")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Lapsed")
    CLOSED = "closed", _("Closed")


class Command(StrEnum):
    """What a person, or the clock, can ask for."""

    CREATE = "create"
    SAVE = "save"
    SUBMIT = "submit"
    CLAIM = "claim"
    RELEASE = "release"
    HAND_OVER = "hand_over"
    REQUEST_INFO = "request_info"
    RESUBMIT = "resubmit"
    OPINE = "opine"
    RECOMMEND = "recommend"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    REFUSE_FIXABLE = "refuse_fixable"
    PROPOSE_FINAL = "propose_final"
    REFUSE_FINAL = "refuse_final"
    SET_HOLD = "set_hold"
    LIFT_HOLD = "lift_hold"
    UNDO = "undo"
    WITHDRAW = "withdraw"
    REAPPLY = "reapply"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    MESSAGE = "message"
    NOTE = "note"
    EXPIRE = "expire"
    CLOSE = "close"
    ANONYMISE = "anonymise"


class Who(StrEnum):
    """What a person is to one application; one person can be several of these."""

    APPLICANT = "applicant"
    REVIEWER = "reviewer"  # reviewers and deciders without a conflict of interest in this case
    DECIDER = "decider"  # the same, for decisions
    ADMIN = "admin"
    TIMER = "timer"  # the clock: it never decides anything


class Condition(StrEnum):
    """What must hold beside the state and the role; its name is the code of the refusal."""

    CLAIM_FREE = "claimed_by_other"  # no colleague's live claim stands in the way
    OWN_CLAIM = "not_claimed_by_you"  # the person holds the claim
    HANDS_OVER = "not_yours_to_hand_over"  # the person holds the claim, or runs the office
    NOT_ON_HOLD = "on_hold"
    ON_HOLD = "not_on_hold"
    SINGLE_EYE = "needs_recommendation"  # the review policy lets one person alone decide this case
    SECOND_PAIR = "four_eyes"  # under four eyes, whoever recommended does not approve
    FINAL_PROPOSED = "final_needs_two"  # another decider has proposed the final refusal
    APPEAL_TIME = "appeal_over"  # not appealed before, and not too late
    ONLY_ONE = "already_open"  # no other application of theirs for the family is open
    UNINVOLVED = "was_involved"  # had no part in what is appealed against
    UNDO_TIME = "undo_over"  # it was this person's own act and the mail has not left
    OVERDUE = "not_overdue"  # the date has passed, and reminders were sent
    SETTLED = "not_settled"  # no grant lives, and the time for an appeal is over


class Obstacle(StrEnum):
    """Why a command cannot be given now, where it is not a condition."""

    NOT_THEIRS = "not_theirs"  # this person could not give it in any state
    WRONG_STATE = "wrong_state"
    ONE_MOMENT = "one_moment"  # something was entered that the applicant was not told yet, and that can be undone


@dataclass(frozen=True)
class Step:
    """One row of the table: who may take it, on which conditions, and where it may lead."""

    who: tuple[Who, ...]
    to: tuple[State, ...]
    conditions: tuple[Condition, ...] = ()


S, C, W, If = State, Command, Who, Condition
STAFF_STATES = (S.SUBMITTED, S.IN_REVIEW, S.REVISED, S.RECOMMENDED)  # those in which the office has the ball
OPEN_STATES = (S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.INFO_REQUESTED, S.REVISED, S.RECOMMENDED, S.APPEALED)
REFUSED_STATES = (S.REFUSED_FIXABLE, S.REFUSED_FINAL)
DECIDED_STATES = (S.APPROVED, *REFUSED_STATES)
SENT_STATES = tuple(state for state in State if state != S.DRAFT)

# A pair that is missing here is a command that the state refuses. None is the state before there is an application.
TABLE: Mapping[tuple[State | None, Command], Step] = {
    # the applicant writes
    (None, C.CREATE): Step((W.APPLICANT,), (S.DRAFT,)),
    (S.DRAFT, C.SAVE): Step((W.APPLICANT,), (S.DRAFT,)),
    (S.DRAFT, C.SUBMIT): Step((W.APPLICANT,), (S.SUBMITTED,)),
    (S.INFO_REQUESTED, C.SAVE): Step((W.APPLICANT,), (S.INFO_REQUESTED,)),
    (S.INFO_REQUESTED, C.RESUBMIT): Step((W.APPLICANT,), (S.REVISED,)),
    # a reviewer reads
    (S.SUBMITTED, C.CLAIM): Step((W.REVIEWER,), (S.IN_REVIEW,)),
    (S.REVISED, C.CLAIM): Step((W.REVIEWER,), (S.IN_REVIEW,)),
    (S.IN_REVIEW, C.CLAIM): Step((W.REVIEWER,), (S.IN_REVIEW,), (If.CLAIM_FREE,)),
    (S.IN_REVIEW, C.RELEASE): Step((W.REVIEWER,), (S.SUBMITTED, S.REVISED), (If.OWN_CLAIM,)),
    (S.IN_REVIEW, C.HAND_OVER): Step((W.REVIEWER, W.ADMIN), (S.IN_REVIEW,), (If.HANDS_OVER,)),
    (S.IN_REVIEW, C.REQUEST_INFO): Step((W.REVIEWER,), (S.INFO_REQUESTED,), (If.OWN_CLAIM,)),
    (S.IN_REVIEW, C.OPINE): Step((W.REVIEWER,), (S.IN_REVIEW,)),
    (S.RECOMMENDED, C.OPINE): Step((W.REVIEWER,), (S.RECOMMENDED,)),
    (S.IN_REVIEW, C.RECOMMEND): Step((W.REVIEWER,), (S.RECOMMENDED,), (If.OWN_CLAIM,)),
    # a decider answers
    (S.IN_REVIEW, C.APPROVE): Step((W.DECIDER,), (S.APPROVED,), (If.CLAIM_FREE, If.NOT_ON_HOLD, If.SINGLE_EYE)),
    (S.RECOMMENDED, C.APPROVE): Step((W.DECIDER,), (S.APPROVED,), (If.NOT_ON_HOLD, If.SECOND_PAIR)),
    (S.IN_REVIEW, C.REFUSE_FIXABLE): Step((W.DECIDER,), (S.REFUSED_FIXABLE,), (If.CLAIM_FREE, If.NOT_ON_HOLD)),
    (S.RECOMMENDED, C.REFUSE_FIXABLE): Step((W.DECIDER,), (S.REFUSED_FIXABLE,), (If.NOT_ON_HOLD,)),
    (S.RECOMMENDED, C.PROPOSE_FINAL): Step((W.DECIDER,), (S.RECOMMENDED,), (If.NOT_ON_HOLD,)),
    (S.RECOMMENDED, C.REFUSE_FINAL): Step((W.DECIDER,), (S.REFUSED_FINAL,), (If.NOT_ON_HOLD, If.FINAL_PROPOSED)),
    (S.RECOMMENDED, C.SEND_BACK): Step((W.DECIDER,), (S.IN_REVIEW,)),
    (S.APPEALED, C.DECIDE_APPEAL): Step((W.DECIDER,), (*REFUSED_STATES, S.IN_REVIEW), (If.UNINVOLVED,)),
    **{(s, C.SET_HOLD): Step((W.DECIDER, W.ADMIN), (s,), (If.NOT_ON_HOLD,)) for s in (S.IN_REVIEW, S.RECOMMENDED)},
    **{(s, C.LIFT_HOLD): Step((W.DECIDER, W.ADMIN), (s,), (If.ON_HOLD,)) for s in (S.IN_REVIEW, S.RECOMMENDED)},
    # what was said a moment ago is taken back before the mail leaves
    (S.INFO_REQUESTED, C.UNDO): Step((W.REVIEWER,), (S.IN_REVIEW,), (If.UNDO_TIME,)),
    **{(s, C.UNDO): Step((W.DECIDER,), (S.IN_REVIEW, S.RECOMMENDED), (If.UNDO_TIME,)) for s in DECIDED_STATES},
    # the applicant goes, comes back, or objects
    **{(s, C.WITHDRAW): Step((W.APPLICANT,), (S.WITHDRAWN,)) for s in OPEN_STATES if s != S.APPEALED},
    **{(s, C.REAPPLY): Step((W.APPLICANT,), (s,), (If.ONLY_ONE,)) for s in (S.REFUSED_FIXABLE, S.WITHDRAWN, S.EXPIRED)},
    (S.REFUSED_FIXABLE, C.APPEAL): Step((W.APPLICANT,), (S.APPEALED,), (If.APPEAL_TIME, If.ONLY_ONE)),
    (S.REFUSED_FINAL, C.APPEAL): Step((W.APPLICANT,), (S.APPEALED,), (If.APPEAL_TIME,)),
    # words that change no state
    **{(s, C.MESSAGE): Step((W.APPLICANT, W.REVIEWER), (s,)) for s in SENT_STATES if s != S.CLOSED},
    **{(s, C.NOTE): Step((W.REVIEWER, W.ADMIN), (s,)) for s in SENT_STATES if s != S.CLOSED},
    # the clock and the archive
    **{(s, C.EXPIRE): Step((W.TIMER,), (S.EXPIRED,), (If.OVERDUE,)) for s in (S.DRAFT, S.INFO_REQUESTED)},
    **{(s, C.CLOSE): Step((W.TIMER, W.ADMIN), (S.CLOSED,), (If.SETTLED,)) for s in DECIDED_STATES},
    **{(s, C.CLOSE): Step((W.TIMER, W.ADMIN), (S.CLOSED,)) for s in (S.WITHDRAWN, S.EXPIRED)},
    (S.CLOSED, C.ANONYMISE): Step((W.TIMER, W.ADMIN), (S.CLOSED,)),
}

# Whose business each command is in any state: everybody else is told so, and not that the state is wrong.
BUSINESS_OF: Mapping[Command, frozenset[Who]] = {
    command: frozenset(who for (_state, name), step in TABLE.items() if name == command for who in step.who)
    for command in Command
}


def obstacle(
    state: State | None, command: Command, who: Set[Who], unmet: Set[Condition]
) -> Obstacle | Condition | None:
    """What stands in the way of this command; None when nothing does. `unmet` are the conditions that do not hold."""
    if who.isdisjoint(BUSINESS_OF[command]):
        return Obstacle.NOT_THEIRS
    step = TABLE.get((state, command))
    if step is None:
        return Obstacle.WRONG_STATE
    if who.isdisjoint(step.who):
        return Obstacle.NOT_THEIRS
    return next((condition for condition in step.conditions if condition in unmet), None)


def allowed(state: State | None, who: Set[Who], unmet: Set[Condition]) -> frozenset[Command]:
    """The commands in whose way nothing stands."""
    return frozenset(command for command in Command if obstacle(state, command, who, unmet) is None)


def leads_to(state: State | None, command: Command) -> tuple[State, ...]:
    """The states that may follow an allowed command."""
    return TABLE[state, command].to


def conditions_in(state: State | None, who: Set[Who] = frozenset(Who)) -> frozenset[Condition]:
    """All conditions that a command of any of these people turns on in this state."""
    steps = [step for (place, _name), step in TABLE.items() if place == state and not who.isdisjoint(step.who)]
    return frozenset(condition for step in steps for condition in step.conditions)
