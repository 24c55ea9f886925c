"""The life of a release as people read it: the reference page is made from `lifecycle.TABLE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from release.lifecycle import TABLE, Command, Condition, State, Who
from release.wording import COMMAND_WORDS

PEOPLE: Mapping[Who, str | Promise] = {
    Who.MANAGER: _("a release manager"),
    Who.OPERATOR: _("the command line"),
    Who.CLOCK: _("the clock"),
}

CONDITIONS: Mapping[Condition, str | Promise] = {
    Condition.NAMED: _("with a name, where releases take two people"),
    Condition.SECOND_PERSON: _("not by whoever staged it, where they do"),
    Condition.CURRENT_LICENCE: _("its licence text is the current one"),
    Condition.KEY: _("there is a key to sign with"),
    Condition.EMBARGO_OVER: _("its moment has come"),
    Condition.UNSIGNED: _("it is not signed"),
}


def lines() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Every row in words, state after state: state, command and its name, who, where it leads, on which conditions."""
    states = [None, *State]
    order = sorted(TABLE.items(), key=lambda row: (states.index(row[0][0]), list(Command).index(row[0][1])))
    for (state, command), step in order:
        yield (
            "(nothing yet)" if state is None else str(state.label),
            str(COMMAND_WORDS[command]),
            str(command),
            ", ".join(str(PEOPLE[who]) for who in step.who),
            str(step.to.label) if step.to != state else "(stays)",
            ", ".join(f"`{condition}`" for condition in step.conditions),
        )


def markdown() -> str:
    """The tables of the reference page."""
    head = "| State | Command | Who | Leads to | Refused with the code, if not |\n|---|---|---|---|---|\n"
    rows = (
        f"| {state} | {words} (`{name}`) | {who} | {to} | {conditions} |"
        for state, words, name, who, to, conditions in lines()
    )
    codes = (f"| `{condition}` | {words} |" for condition, words in CONDITIONS.items())
    return "\n".join([head + "\n".join(rows), "", "| Code | What must hold |\n|---|---|", *codes, ""])
