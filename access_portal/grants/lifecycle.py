"""What may happen to a grant: states, commands, who may give them and on which conditions, as one table.

Pure: no database, no request. Buttons (`allowed`), enforcement (`obstacle`), tests and the documentation page all read
`TABLE`; `standing.py` works out who a person is to a grant and which conditions do not hold for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from access_portal.grants.models import Grant

State = Grant.State


class Command(StrEnum):
    """What a person, or the clock, can ask for."""

    SUSPEND = "suspend"
    LIFT = "lift"
    PROPOSE_REVOCATION = "propose_revocation"
    REVOKE_AT_ONCE = "revoke_at_once"
    RATIFY_REVOCATION = "ratify_revocation"
    DECLINE_REVOCATION = "decline_revocation"
    LAPSE_REVOCATION = "lapse_revocation"
    SURRENDER = "surrender"
    ATTEST = "attest"
    ASK_RENEWAL = "ask_renewal"
    GRANT_RENEWAL = "grant_renewal"
    REFUSE_RENEWAL = "refuse_renewal"
    SUPERSEDE = "supersede"
    INVITE = "invite"
    JOIN = "join"
    LEAVE = "leave"
    REMOVE_MEMBER = "remove_member"
    ASK_TRANSFER = "ask_transfer"
    APPROVE_TRANSFER = "approve_transfer"
    REFUSE_TRANSFER = "refuse_transfer"
    UNDO = "undo"
    EXPIRE = "expire"


class Who(StrEnum):
    """What a person is to one grant; one person can be several of these."""

    HOLDER = "holder"
    MEMBER = "member"  # of the lab, once joined
    INVITED = "invited"  # whose confirmed address has an open invitation
    DECIDER = "decider"  # this and the following two: without being near to the holder
    ADMIN = "admin"
    STOPPER = "stopper"  # whoever may stop things: deciders, office administrators and operators
    TIMER = "timer"  # the clock: it never gives, restores or takes a right


class Condition(StrEnum):
    """What must hold beside the state and the role; its name is the code of the refusal."""

    NO_REVOCATION = "revocation_open"  # nobody has proposed to revoke it
    NO_EMERGENCY = "emergency_open"  # it was not revoked at once, with a second person still to be heard
    REVOCATION = "no_revocation"  # a revocation was proposed and is not answered
    SECOND_PERSON = "needs_two"  # somebody else proposed the revocation
    UNRATIFIED = "not_overdue"  # it was revoked at once, and 72 hours went by
    ATTEST_TIME = "attest_not_due"  # the yearly word is due within the next weeks, or overdue
    RENEWAL_TIME = "not_renewal_time"  # from 90 days before the end to 90 days after it
    NO_RENEWAL = "renewal_open"  # no renewal is asked for
    RENEWAL = "no_renewal"  # a renewal is asked for and not answered
    CURRENT_LICENCE = "licence_outdated"  # the holder accepted the text that is the licence's current one
    LAB = "not_a_lab"  # the grant is for a lab
    ROOM = "lab_full"
    NO_TRANSFER = "transfer_open"  # nobody has asked that the lab passes on
    TRANSFER = "no_transfer"
    OTHER_ASKER = "transfer_needs_two"  # somebody else asked for it
    UNWRITTEN = "already_written"  # the end has passed, and its record still says that the grant lives


class Obstacle(StrEnum):
    """Why a command cannot be given now, where it is not a condition."""

    NOT_THEIRS = "not_theirs"  # this person could not give it in any state
    WRONG_STATE = "wrong_state"


@dataclass(frozen=True)
class Step:
    """One row of the table: who may take it, where it leads, on which conditions."""

    who: tuple[Who, ...]
    to: State
    conditions: tuple[Condition, ...] = ()


S, C, W, If = State, Command, Who, Condition
LIVE = (S.ACTIVE, S.SUSPENDED)
RENEWABLE = (*LIVE, S.EXPIRED)

# A pair that is missing here is a command that the state refuses. A grant past its end counts as expired, whether or
# not the clock has written that down; an approval makes it active, and so does a renewal with the grant it makes.
TABLE: Mapping[tuple[State, Command], Step] = {
    # stopped for a time
    (S.ACTIVE, C.SUSPEND): Step((W.STOPPER,), S.SUSPENDED),
    (S.SUSPENDED, C.SUSPEND): Step((W.STOPPER,), S.SUSPENDED, (If.NO_EMERGENCY,)),  # with another reason or day
    (S.SUSPENDED, C.LIFT): Step((W.DECIDER, W.ADMIN), S.ACTIVE, (If.NO_EMERGENCY,)),
    # revoked by two people
    **{(s, C.PROPOSE_REVOCATION): Step((W.DECIDER,), s, (If.NO_REVOCATION,)) for s in LIVE},
    **{(s, C.REVOKE_AT_ONCE): Step((W.STOPPER,), S.SUSPENDED, (If.NO_REVOCATION,)) for s in LIVE},
    **{(s, C.RATIFY_REVOCATION): Step((W.DECIDER,), S.REVOKED, (If.REVOCATION, If.SECOND_PERSON)) for s in LIVE},
    **{(s, C.DECLINE_REVOCATION): Step((W.DECIDER,), s, (If.REVOCATION, If.SECOND_PERSON)) for s in LIVE},
    (S.SUSPENDED, C.LAPSE_REVOCATION): Step((W.TIMER,), S.SUSPENDED, (If.UNRATIFIED,)),
    # what the holder owes and may do
    **{(s, C.ATTEST): Step((W.HOLDER,), s, (If.ATTEST_TIME,)) for s in LIVE},
    (S.ACTIVE, C.SURRENDER): Step((W.HOLDER,), S.SURRENDERED),
    (S.SUSPENDED, C.SURRENDER): Step((W.HOLDER,), S.SURRENDERED, (If.NO_EMERGENCY,)),
    # going on after the end: another grant takes the place of this one
    **{
        (s, C.ASK_RENEWAL): Step((W.HOLDER,), s, (If.RENEWAL_TIME, If.NO_RENEWAL, If.CURRENT_LICENCE))
        for s in RENEWABLE
    },
    **{
        (s, C.GRANT_RENEWAL): Step(
            (W.DECIDER,), S.SUPERSEDED, (If.RENEWAL, If.NO_REVOCATION, If.NO_TRANSFER, If.CURRENT_LICENCE)
        )
        for s in (S.ACTIVE, S.EXPIRED)
    },
    **{(s, C.REFUSE_RENEWAL): Step((W.DECIDER,), s, (If.RENEWAL,)) for s in RENEWABLE},
    (S.ACTIVE, C.SUPERSEDE): Step(
        (W.DECIDER,), S.SUPERSEDED, (If.NO_RENEWAL, If.NO_REVOCATION, If.NO_TRANSFER, If.CURRENT_LICENCE)
    ),
    # the lab
    (S.ACTIVE, C.INVITE): Step((W.HOLDER,), S.ACTIVE, (If.LAB, If.ROOM)),
    (S.ACTIVE, C.JOIN): Step((W.INVITED,), S.ACTIVE),
    **{(s, C.LEAVE): Step((W.MEMBER,), s) for s in RENEWABLE},
    **{(s, C.REMOVE_MEMBER): Step((W.HOLDER, W.DECIDER, W.ADMIN), s, (If.LAB,)) for s in RENEWABLE},
    (S.ACTIVE, C.ASK_TRANSFER): Step((W.HOLDER, W.ADMIN), S.ACTIVE, (If.LAB, If.NO_TRANSFER)),
    (S.ACTIVE, C.APPROVE_TRANSFER): Step(
        (W.DECIDER,), S.SUPERSEDED, (If.TRANSFER, If.OTHER_ASKER, If.NO_REVOCATION, If.NO_RENEWAL)
    ),
    **{(s, C.REFUSE_TRANSFER): Step((W.DECIDER,), s, (If.TRANSFER, If.OTHER_ASKER)) for s in RENEWABLE},
    # a decision that is undone before its mail left, and the end, which the clock writes down
    (S.ACTIVE, C.UNDO): Step((W.DECIDER,), S.UNDONE),
    (S.EXPIRED, C.EXPIRE): Step((W.TIMER,), S.EXPIRED, (If.UNWRITTEN,)),
}

# Whose business each command is in any state: everybody else is told so, and not that the state is wrong.
BUSINESS_OF: Mapping[Command, frozenset[Who]] = {
    command: frozenset(who for (_state, name), step in TABLE.items() if name == command for who in step.who)
    for command in Command
}


def obstacle(state: State, command: Command, who: Set[Who], unmet: Set[Condition]) -> Obstacle | Condition | None:
    """What stands in the way of this command; None when nothing does. `unmet` are the conditions that do not hold."""
    if who.isdisjoint(BUSINESS_OF[command]):
        return Obstacle.NOT_THEIRS
    step = TABLE.get((state, command))
    if step is None:
        return Obstacle.WRONG_STATE
    if who.isdisjoint(step.who):
        return Obstacle.NOT_THEIRS
    return next((condition for condition in step.conditions if condition in unmet), None)


def allowed(state: State, who: Set[Who], unmet: Set[Condition]) -> frozenset[Command]:
    """The commands in whose way nothing stands."""
    return frozenset(command for command in Command if obstacle(state, command, who, unmet) is None)


def leads_to(state: State, command: Command) -> State:
    """The state that follows an allowed command."""
    return TABLE[state, command].to
