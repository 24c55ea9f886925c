"""Everything that can be done with a case, by name: its form, the command behind it, and what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.applications import commands
from access_portal.applications.cockpit import deciding_forms, reviewing_forms
from access_portal.applications.cockpit.act_form import ActForm, VersionForm
from access_portal.applications.workflow import Command

Words = str | Promise


@dataclass(frozen=True)
class Act:
    """`command` None is an act that the workflow does not know: to declare a conflict of interest."""

    command: Command | None
    slug: str  # of its address
    form: type[ActForm]
    give: Callable[..., Any]
    title: Words
    button: Words
    done: Words
    key: str = ""  # on the keyboard
    mails: bool = False  # the mail can be looked at before
    kind: str = ""  # of the button: `primary`, `danger`
    leaves: bool = False  # the case is out of sight afterwards


C = Command
ACTS: Mapping[str, Act] = {
    "undo": Act(
        C.UNDO, "undo", VersionForm, commands.undo, _("Undo"), _("Undo"),
        _("Taken back. The applicant hears nothing of it."), key="u",
    ),
    "claim": Act(
        C.CLAIM, "claim", VersionForm, commands.claim, _("Take this case"), _("Take this case"),
        _("It is yours for two hours."), key="c", kind="primary",
    ),
    "release": Act(
        C.RELEASE, "release", VersionForm, commands.release, _("Give it back"), _("Give it back"),
        _("It is back in the queue."),
    ),
    "ask": Act(
        C.REQUEST_INFO, "ask", reviewing_forms.AskForm, commands.request_info, _("Ask the applicant"),
        _("Return it with these questions"), _("Returned. The applicant gets the questions by mail."), key="q",
        mails=True, kind="primary",
    ),
    "recommend": Act(
        C.RECOMMEND, "recommend", reviewing_forms.RecommendForm, commands.recommend, _("Recommend"),
        _("Pass it on to the deciders"), _("Passed on. A decider looks at it next."), key="e", kind="primary",
    ),
    "opine": Act(
        C.OPINE, "opinion", reviewing_forms.OpineForm, commands.opine, _("Your opinion"), _("Give this opinion"),
        _("Thank you. You see the opinions of your colleagues now."), kind="primary",
    ),
    "approve": Act(
        C.APPROVE, "approve", deciding_forms.ApproveForm, commands.approve, _("Approve"),
        _("Approve and make the grant"), _("Approved. The grant is made, and the applicant is told by mail."), key="a",
        mails=True, kind="primary",
    ),
    "refuse": Act(
        C.REFUSE_FIXABLE, "refuse", deciding_forms.RefuseForm, commands.refuse_fixable, _("Refuse; can be mended"),
        _("Refuse and say what to change"), _("Refused. The applicant is told by mail."), key="r", mails=True,
        kind="danger",
    ),
    "propose_final": Act(
        C.PROPOSE_FINAL, "propose-final", deciding_forms.ProposeFinalForm, commands.propose_final,
        _("Refuse for good"), _("Propose to refuse for good"), _("Proposed. Another decider has to confirm it."),
        kind="danger",
    ),
    "confirm_final": Act(
        C.REFUSE_FINAL, "confirm-final", VersionForm, commands.refuse_final, _("Confirm the final refusal"),
        _("Confirm the final refusal"), _("Refused for good. The applicant is told by mail, and how to appeal."),
        mails=True, kind="danger",
    ),
    "send_back": Act(
        C.SEND_BACK, "send-back", deciding_forms.SendBackForm, commands.send_back, _("Send back to the reviewer"),
        _("Send it back"), _("Sent back. The reviewer is told by mail."),
    ),
    "decide_appeal": Act(
        C.DECIDE_APPEAL, "decide-appeal", deciding_forms.DecideAppealForm, commands.decide_appeal,
        _("Answer the appeal"), _("Answer the appeal"), _("Answered. The applicant is told by mail."), kind="primary",
    ),
    "hold": Act(
        C.SET_HOLD, "hold", deciding_forms.HoldForm, commands.set_hold, _("Put on hold"), _("Put it on hold"),
        _("On hold. The applicant is told that it takes longer."), key="h",
    ),
    "lift_hold": Act(
        C.LIFT_HOLD, "lift-hold", VersionForm, commands.lift_hold, _("Lift the hold"), _("Lift the hold"),
        _("The hold is lifted. The applicant is told."), key="h",
    ),
    "message": Act(
        C.MESSAGE, "message", reviewing_forms.MessageForm, commands.send_message, _("Write to the applicant"),
        _("Send the message"), _("Sent."), key="m",
    ),
    "note": Act(
        C.NOTE, "note", reviewing_forms.NoteForm, commands.note, _("Leave a note"), _("Keep the note"),
        _("Kept. Only colleagues see it."), key="o",
    ),
    "hand_over": Act(
        C.HAND_OVER, "hand-over", reviewing_forms.HandOverForm, commands.hand_over, _("Hand over"),
        _("Hand it over"), _("Handed over. Your colleague is told by mail."),
    ),
    "close": Act(
        C.CLOSE, "close", ActForm, commands.close, _("Close"), _("Close the case"), _("Closed."),
    ),
    "anonymise": Act(
        C.ANONYMISE, "anonymise", deciding_forms.AnonymiseForm, commands.anonymise, _("Delete what was written"),
        _("Delete it for good"), _("The words of this case are deleted."), kind="danger",
    ),
    "conflict": Act(
        None, "conflict", reviewing_forms.ConflictForm, commands.declare_conflict,
        _("Declare a conflict of interest"), _("I stand too near to this case"),
        _("Noted. A colleague takes the case."), leaves=True,
    ),
}  # fmt: skip
