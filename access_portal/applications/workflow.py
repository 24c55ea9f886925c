"""What may happen to an application: states, commands and who may give them, as one table.

Pure: no database, no request. Buttons (`allowed`), enforcement (`obstacle`) and the documentation all read `TABLE`;
`standing.py` works out which `Who` a person is.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where an application stands."""

    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_STATES = (State.SUBMITTED, State.IN_REVIEW)
DECIDED_STATES = (State.APPROVED, State.REFUSED)


class Command(StrEnum):
    """What a person can ask for."""

    SUBMIT = "submit"
    CLAIM = "claim"
    RELEASE = "release"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Who(StrEnum):
    """What a person is to one application; one person can be several of these."""

    APPLICANT = "applicant"
    REVIEWER = "reviewer"
    CLAIM_HOLDER = "claim_holder"  # the reviewer who took the case
    SUCCESSOR = "successor"  # a reviewer in whose way no colleague's live claim stands
    DECIDER = "decider"


class Obstacle(StrEnum):
    """Why a command cannot be given now."""

    NOT_THEIRS = "not_theirs"  # this person could not give it in any state
    WRONG_STATE = "wrong_state"
    CLAIMED_BY_OTHER = "claimed_by_other"


@dataclass(frozen=True)
class Step:
    """One row of the table: who may take it, and where it leads."""

    who: Who
    to: State


# A pair that is missing here is a command that the state refuses. None is the state before there is an application.
TABLE: Mapping[tuple[State | None, Command], Step] = {
    (None, Command.SUBMIT): Step(Who.APPLICANT, State.SUBMITTED),
    (State.SUBMITTED, Command.CLAIM): Step(Who.REVIEWER, State.IN_REVIEW),
    (State.SUBMITTED, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN),
    (State.IN_REVIEW, Command.CLAIM): Step(Who.SUCCESSOR, State.IN_REVIEW),
    (State.IN_REVIEW, Command.RELEASE): Step(Who.CLAIM_HOLDER, State.SUBMITTED),
    (State.IN_REVIEW, Command.APPROVE): Step(Who.DECIDER, State.APPROVED),
    (State.IN_REVIEW, Command.REFUSE): Step(Who.DECIDER, State.REFUSED),
    (State.IN_REVIEW, Command.WITHDRAW): Step(Who.APPLICANT, State.WITHDRAWN),
}

# Whose business each command is at all; the table may ask for more (a reviewer's, but the claim holder's only).
BUSINESS_OF: Mapping[Command, Who] = {
    Command.SUBMIT: Who.APPLICANT,
    Command.CLAIM: Who.REVIEWER,
    Command.RELEASE: Who.REVIEWER,
    Command.APPROVE: Who.DECIDER,
    Command.REFUSE: Who.DECIDER,
    Command.WITHDRAW: Who.APPLICANT,
}


def obstacle(state: State | None, command: Command, who: Set[Who]) -> Obstacle | None:
    """What stands in the way of this command; None when nothing does."""
    if BUSINESS_OF[command] not in who:
        return Obstacle.NOT_THEIRS
    step = TABLE.get((state, command))
    if step is None:
        return Obstacle.WRONG_STATE
    return None if step.who in who else Obstacle.CLAIMED_BY_OTHER


def allowed(state: State | None, who: Set[Who]) -> frozenset[Command]:
    """The commands in whose way nothing stands."""
    return frozenset(command for command in Command if obstacle(state, command, who) is None)


def leads_to(state: State | None, command: Command) -> State:
    """The state after an allowed command."""
    return TABLE[state, command].to
