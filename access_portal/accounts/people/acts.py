"""What can be done on the page of a person: each act with its form, its command and what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.accounts import closing, commands
from access_portal.accounts.models import User
from access_portal.accounts.people.forms import CloseForm, ReopenForm, SureForm
from access_portal.accounts.people.queries import Facts


@dataclass(frozen=True)
class Act:
    """`is_open` says whether there is anything to do; the command decides again."""

    form: type[forms.Form]
    command: Callable[..., None]
    title: Promise
    hint: Promise
    button: Promise
    done: Promise
    is_open: Callable[[User, Facts], bool]
    is_dangerous: bool = False


ACTS: Mapping[str, Act] = {
    "sign-out": Act(
        form=SureForm,
        command=closing.sign_out_everywhere,
        title=_("End all sessions and tokens"),
        hint=_("For a lost laptop or a token that leaked. They can sign in again at once."),
        button=_("End them all"),
        done=_("All sessions and tokens have ended. They were told by mail."),
        is_open=lambda person, facts: person.is_active,
    ),
    "second-factor": Act(
        form=SureForm,
        command=closing.reset_second_factor,
        title=_("Take away the second factor"),
        hint=_("For somebody who lost phone and recovery codes. Make sure who asks, by another way than mail."),
        button=_("Take it away"),
        done=_("The second factor is gone, and all sessions with it. They were told by mail."),
        is_open=lambda person, facts: facts.has_second_factor,
        is_dangerous=True,
    ),
    "close": Act(
        form=CloseForm,
        command=closing.close_account,
        title=_("Close sign-in"),
        hint=_("Nobody gets in, tokens end, running jobs stop soon. Nothing is deleted; you can open it again."),
        button=_("Close sign-in"),
        done=_("Sign-in is closed. They were told by mail."),
        is_open=lambda person, facts: person.is_active,
        is_dangerous=True,
    ),
    "reopen": Act(
        form=ReopenForm,
        command=closing.reopen_account,
        title=_("Open sign-in again"),
        hint=_("Password and second factor are what they were. Tokens do not come back."),
        button=_("Open it again"),
        done=_("Sign-in is open again. They were told by mail."),
        is_open=lambda person, facts: not person.is_active,
    ),
}  # fmt: skip

ROLE_CHANGES: Mapping[str, Callable[..., None]] = {"give": commands.give_role, "take": commands.take_role}


def acts_for(person: User, facts: Facts, tried: Collection[str]) -> dict[str, Act]:
    """Those that make sense for this account now, and one that was just tried and says why not."""
    return {name: act for name, act in ACTS.items() if act.is_open(person, facts) or name in tried}
