"""What may happen to a release: states, commands, who may give them and on which conditions, as one table.

Pure: no database, no request. Buttons (`allowed`), enforcement (`obstacle`), tests and the documentation page all read
`TABLE`; `standing.py` works out who somebody is to a release and which conditions do not hold for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from release.models import Release

State = Release.State


class Command(StrEnum):
    """What a release manager, the operator at the command line, or the clock can ask for."""

    STAGE = "stage"
    RESTAGE = "restage"
    VERIFY = "verify"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    PUBLISH = "publish"
    FALL_BACK = "fall_back"
    REPAIR = "repair"
    SIGN = "sign"
    DEPRECATE = "deprecate"
    WITHDRAW = "withdraw"


class Who(StrEnum):
    """Who gives a command."""

    MANAGER = "manager"  # a release manager, by name
    OPERATOR = "operator"  # whoever is at the command line and gave no name
    CLOCK = "clock"


class Condition(StrEnum):
    """What must hold beside the state and the role; its name is the code of the refusal."""

    NAMED = "needs_a_name"  # where releases take two people, the command line has to say who it is
    SECOND_PERSON = "needs_two"  # where they do: whoever staged the files is known and somebody else
    CURRENT_LICENCE = "licence_outdated"  # the licence text that it was staged under is still the current one
    KEY = "no_release_key"  # this installation has a key to sign with
    EMBARGO_OVER = "embargoed"  # the moment that it is scheduled for has come
    UNSIGNED = "already_signed"


class Obstacle(StrEnum):
    """Why a command cannot be given now, where it is not a condition."""

    NOT_THEIRS = "not_theirs"  # nobody of this kind could give it in any state
    WRONG_STATE = "wrong_state"
    FINAL = "release_final"  # what is published is neither staged, verified nor published again


@dataclass(frozen=True)
class Step:
    """One row of the table: who may take it, where it leads, on which conditions."""

    who: tuple[Who, ...]
    to: State
    conditions: tuple[Condition, ...] = ()


S, C, W, If = State, Command, Who, Condition
PEOPLE = (W.MANAGER, W.OPERATOR)
PUBLISHING = (If.NAMED, If.SECOND_PERSON, If.CURRENT_LICENCE, If.KEY)

# A pair that is missing here is a command that the state refuses. No state at all is that of a version which nobody
# has staged. What is scheduled stays as it is until somebody unschedules it: a promise was made for that moment.
TABLE: Mapping[tuple[State | None, Command], Step] = {
    (None, C.STAGE): Step(PEOPLE, S.STAGED, (If.NAMED,)),
    **{(s, C.RESTAGE): Step(PEOPLE, S.STAGED, (If.NAMED,)) for s in (S.STAGED, S.VERIFIED)},
    **{(s, C.VERIFY): Step(PEOPLE, S.VERIFIED, (If.NAMED,)) for s in (S.STAGED, S.VERIFIED)},
    **{(s, C.SCHEDULE): Step(PEOPLE, S.SCHEDULED, PUBLISHING) for s in (S.VERIFIED, S.SCHEDULED)},
    (S.SCHEDULED, C.UNSCHEDULE): Step(PEOPLE, S.VERIFIED, (If.NAMED,)),
    **{(s, C.PUBLISH): Step(PEOPLE, S.PUBLISHED, PUBLISHING) for s in (S.STAGED, S.VERIFIED)},
    (S.SCHEDULED, C.PUBLISH): Step((*PEOPLE, W.CLOCK), S.PUBLISHED, (If.EMBARGO_OVER, *PUBLISHING)),
    # when a file is found damaged, and when what is scheduled cannot be published at its moment
    **{(s, C.FALL_BACK): Step(PEOPLE, S.STAGED) for s in (S.STAGED, S.VERIFIED)},
    (S.SCHEDULED, C.FALL_BACK): Step((W.CLOCK,), S.STAGED, (If.EMBARGO_OVER,)),
    # the very same bytes, where the store damaged or lost them; what nobody can fetch any more stays as it is
    **{(s, C.REPAIR): Step(PEOPLE, s, (If.NAMED,)) for s in S if s != S.WITHDRAWN},
    **{(s, C.SIGN): Step(PEOPLE, s, (If.NAMED, If.UNSIGNED, If.KEY)) for s in (S.PUBLISHED, S.DEPRECATED, S.WITHDRAWN)},
    **{(s, C.DEPRECATE): Step(PEOPLE, S.DEPRECATED, (If.NAMED,)) for s in (S.PUBLISHED, S.DEPRECATED)},
    **{(s, C.WITHDRAW): Step(PEOPLE, S.WITHDRAWN, (If.NAMED,)) for s in (S.PUBLISHED, S.DEPRECATED)},
}
FINAL_FOR = (C.STAGE, C.RESTAGE, C.VERIFY, C.SCHEDULE, C.PUBLISH)
FINAL_STATES = (S.PUBLISHED, S.DEPRECATED, S.WITHDRAWN)

# Whose business each command is in any state: everybody else is told so, and not that the state is wrong.
BUSINESS_OF: Mapping[Command, frozenset[Who]] = {
    command: frozenset(who for (_state, name), step in TABLE.items() if name == command for who in step.who)
    for command in Command
}


def obstacle(
    state: State | None, command: Command, who: Who | None, unmet: Set[Condition]
) -> Obstacle | Condition | None:
    """What stands in the way of this command; None when nothing does. `unmet` are the conditions that do not hold."""
    if who not in BUSINESS_OF[command]:
        return Obstacle.NOT_THEIRS
    step = TABLE.get((state, command))
    if step is None:
        return Obstacle.FINAL if state in FINAL_STATES and command in FINAL_FOR else Obstacle.WRONG_STATE
    if who not in step.who:
        return Obstacle.NOT_THEIRS
    return next((condition for condition in step.conditions if condition in unmet), None)


def allowed(state: State | None, who: Who | None, unmet: Set[Condition]) -> frozenset[Command]:
    """The commands in whose way nothing stands."""
    return frozenset(command for command in Command if obstacle(state, command, who, unmet) is None)


def leads_to(state: State | None, command: Command) -> State:
    """The state that follows an allowed command."""
    return TABLE[state, command].to
