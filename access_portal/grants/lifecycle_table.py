"""The life of a grant as people read it: the reference page is made from `lifecycle.TABLE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.grants.lifecycle import TABLE, Command, Condition, State, Who
from access_portal.grants.wording import COMMAND_WORDS

PEOPLE: Mapping[Who, str | Promise] = {
    Who.HOLDER: _("the holder"),
    Who.MEMBER: _("a member"),
    Who.INVITED: _("whoever was invited"),
    Who.DECIDER: _("a decider"),
    Who.ADMIN: _("an office administrator"),
    Who.STOPPER: _("a decider, administrator or operator"),
    Who.TIMER: _("the clock"),
}

CONDITIONS: Mapping[Condition, str | Promise] = {
    Condition.NO_REVOCATION: _("no revocation is proposed"),
    Condition.NO_EMERGENCY: _("it was not revoked at once"),
    Condition.REVOCATION: _("a revocation is proposed"),
    Condition.SECOND_PERSON: _("by somebody else"),
    Condition.UNRATIFIED: _("it was revoked at once 72 hours ago and nobody answered"),
    Condition.ATTEST_TIME: _("the yearly word is due within 60 days, or overdue"),
    Condition.RENEWAL_TIME: _("from 90 days before the end to 90 days after it"),
    Condition.NO_RENEWAL: _("no renewal is asked for"),
    Condition.RENEWAL: _("a renewal is asked for"),
    Condition.CURRENT_LICENCE: _("the holder accepted the current licence"),
    Condition.LAB: _("it is for a lab"),
    Condition.ROOM: _("the lab has fewer than 25 members and invitations"),
    Condition.NO_TRANSFER: _("nobody asked that the lab passes on"),
    Condition.TRANSFER: _("it is asked that the lab passes on"),
    Condition.OTHER_ASKER: _("by somebody else"),
    Condition.UNWRITTEN: _("its record still says that it lives"),
}


def lines() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Every row in words, state after state: state, command and its name, who, where it leads, on which conditions."""
    order = sorted(TABLE.items(), key=lambda row: (list(State).index(row[0][0]), list(Command).index(row[0][1])))
    for (state, command), step in order:
        yield (
            str(state.label),
            str(COMMAND_WORDS[command]),
            str(command),
            ", ".join(str(PEOPLE[who]) for who in step.who),
            str(step.to.label) if step.to != state else "(stays)",
            "; ".join(str(CONDITIONS[condition]) for condition in step.conditions),
        )


def markdown() -> str:
    """The table of the reference page."""
    head = "| State | Command | Who | Leads to | If |\n|---|---|---|---|---|\n"
    rows = (
        f"| {state} | {words} (`{name}`) | {who} | {to} | {conditions} |"
        for state, words, name, who, to, conditions in lines()
    )
    return head + "\n".join(rows) + "\n"
