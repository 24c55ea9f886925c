"""The workflow as people read it: the page of the portal and the reference page are both made from `workflow.TABLE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.applications.workflow import TABLE, Command, Condition, State, Who

COMMANDS: Mapping[Command, str | Promise] = {
    Command.CREATE: _("Begin a draft"),
    Command.SAVE: _("Save what was written"),
    Command.SUBMIT: _("Send it"),
    Command.CLAIM: _("Take the case"),
    Command.RELEASE: _("Give it back to the queue"),
    Command.HAND_OVER: _("Hand it over to a colleague"),
    Command.REQUEST_INFO: _("Return it with questions"),
    Command.RESUBMIT: _("Answer and send it again"),
    Command.OPINE: _("Give an opinion"),
    Command.RECOMMEND: _("Recommend an answer"),
    Command.SEND_BACK: _("Give it back to whoever recommended"),
    Command.APPROVE: _("Approve"),
    Command.REFUSE_FIXABLE: _("Refuse, saying what can be mended"),
    Command.PROPOSE_FINAL: _("Propose a final refusal"),
    Command.REFUSE_FINAL: _("Confirm a final refusal"),
    Command.SET_HOLD: _("Put it on hold"),
    Command.LIFT_HOLD: _("Lift the hold"),
    Command.UNDO: _("Take the last act back"),
    Command.WITHDRAW: _("Withdraw"),
    Command.REAPPLY: _("Apply again"),
    Command.APPEAL: _("Appeal"),
    Command.DECIDE_APPEAL: _("Answer the appeal"),
    Command.MESSAGE: _("Write a message"),
    Command.NOTE: _("Leave a note for colleagues"),
    Command.EXPIRE: _("Let it lapse"),
    Command.CLOSE: _("Close"),
    Command.ANONYMISE: _("Delete the words in it"),
}

PEOPLE: Mapping[Who, str | Promise] = {
    Who.APPLICANT: _("the applicant"),
    Who.REVIEWER: _("a reviewer or decider"),
    Who.DECIDER: _("a decider"),
    Who.ADMIN: _("an office administrator"),
    Who.TIMER: _("the clock"),
}

CONDITIONS: Mapping[Condition, str | Promise] = {
    Condition.CLAIM_FREE: _("no colleague holds it now"),
    Condition.OWN_CLAIM: _("they hold the case"),
    Condition.HANDS_OVER: _("they hold the case, or run the office"),
    Condition.NOT_ON_HOLD: _("it is not on hold"),
    Condition.ON_HOLD: _("it is on hold"),
    Condition.SINGLE_EYE: _("the family lets one person decide alone"),
    Condition.SECOND_PAIR: _("under four eyes, somebody else recommended it"),
    Condition.FINAL_PROPOSED: _("another decider proposed it"),
    Condition.APPEAL_TIME: _("the first appeal, and in time"),
    Condition.ONLY_ONE: _("no other application of theirs for the model is open"),
    Condition.UNINVOLVED: _("they had no part in the refusal"),
    Condition.UNDO_TIME: _("it was their act and its mail has not left"),
    Condition.OVERDUE: _("the time is over and a reminder was sent"),
    Condition.SETTLED: _("no grant lives and no appeal is possible"),
}


@dataclass(frozen=True)
class Line:
    """One row for people."""

    state: str
    command: str
    who: str
    to: str
    conditions: str


def lines() -> Iterator[Line]:
    """Every row of the table in words, state after state."""
    order: list[State | None] = [None, *State]
    for (state, command), step in sorted(
        TABLE.items(), key=lambda row: (order.index(row[0][0]), list(Command).index(row[0][1]))
    ):
        yield Line(
            state=str(state.label) if state else "",
            command=str(COMMANDS[command]),
            who=", ".join(str(PEOPLE[who]) for who in step.who),
            to=" / ".join(str(to.label) for to in step.to) if step.to != (state,) else "",
            conditions="; ".join(str(CONDITIONS[condition]) for condition in step.conditions),
        )


def markdown() -> str:
    """The table of the reference page."""
    head = "| State | Command | Who | Leads to | If |\n|---|---|---|---|---|\n"
    rows = (
        f"| {line.state or '–'} | {line.command} | {line.who} | {line.to or '(stays)'} | {line.conditions} |"
        for line in lines()
    )
    return head + "\n".join(rows) + "\n"
