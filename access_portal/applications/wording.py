"""States and events in plain words, for applicants and for reviewers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.accounts.models import User
from access_portal.applications.models import Application, State
from access_portal.audit.models import Event

BADGES: Mapping[str, str] = {
    State.DRAFT: "neutral",
    State.SUBMITTED: "info",
    State.IN_REVIEW: "info",
    State.INFO_REQUESTED: "warning",
    State.REVISED: "info",
    State.RECOMMENDED: "info",
    State.APPROVED: "success",
    State.REFUSED_FIXABLE: "danger",
    State.REFUSED_FINAL: "danger",
    State.APPEALED: "info",
    State.WITHDRAWN: "neutral",
    State.EXPIRED: "neutral",
    State.CLOSED: "neutral",
}

EXPLANATIONS: Mapping[str, str | Promise] = {
    State.DRAFT: gettext_lazy("You are writing this application. Nobody else sees it until you send it."),
    State.SUBMITTED: gettext_lazy("We have your application. It waits for a reviewer to take it."),
    State.IN_REVIEW: gettext_lazy("A reviewer is reading your application."),
    State.INFO_REQUESTED: gettext_lazy("A reviewer has asked you something. Your answer is needed to go on."),
    State.REVISED: gettext_lazy("We have your answer. It waits for a reviewer to take it."),
    State.RECOMMENDED: gettext_lazy("A reviewer has read your application. A decider looks at it next."),
    State.APPROVED: gettext_lazy("Your application was approved, and a grant was made for you."),
    State.REFUSED_FIXABLE: gettext_lazy("Your application was refused. What can be mended is below."),
    State.REFUSED_FINAL: gettext_lazy("Your application was refused. The reasons are below."),
    State.APPEALED: gettext_lazy("We have your appeal. Somebody who had no part in the decision reads it."),
    State.WITHDRAWN: gettext_lazy("You withdrew this application. Nothing more happens with it."),
    State.EXPIRED: gettext_lazy("The time for an answer passed, so this application lapsed."),
    State.CLOSED: gettext_lazy("This application is closed and kept for the record."),
}

NEXT_ACTORS: Mapping[str, str | Promise] = {
    State.DRAFT: gettext_lazy("You: finish it and send it."),
    State.SUBMITTED: gettext_lazy("A reviewer. You need not do anything; we write to you when something happens."),
    State.IN_REVIEW: gettext_lazy("The reviewer. You need not do anything; we write to you when something happens."),
    State.INFO_REQUESTED: gettext_lazy("You: answer what was asked, then send it again."),
    State.REVISED: gettext_lazy("A reviewer. You need not do anything; we write to you when something happens."),
    State.RECOMMENDED: gettext_lazy("A decider. You need not do anything; we write to you when it is decided."),
    State.APPROVED: gettext_lazy("You: use your grant."),
    State.REFUSED_FIXABLE: gettext_lazy("You, if you want to apply again or to appeal."),
    State.REFUSED_FINAL: gettext_lazy("You, if you want to appeal."),
    State.APPEALED: gettext_lazy("A decider. You need not do anything; we write to you when it is decided."),
    State.WITHDRAWN: gettext_lazy("Nobody. You may apply again at any time."),
    State.EXPIRED: gettext_lazy("Nobody. You may apply again at any time."),
    State.CLOSED: gettext_lazy("Nobody."),
}

EVENT_WORDS: Mapping[str, str | Promise] = {
    "application_started": gettext_lazy("Begun"),
    "application_submitted": gettext_lazy("Sent"),
    "application_claimed": gettext_lazy("Taken up for review"),
    "application_released": gettext_lazy("Given back to the queue"),
    "application_handed_over": gettext_lazy("Handed over to a colleague"),
    "application_info_requested": gettext_lazy("Returned with questions"),
    "application_resubmitted": gettext_lazy("Answered and sent again"),
    "application_opinion_given": gettext_lazy("An opinion was given"),
    "application_recommended": gettext_lazy("Read, and passed on for a decision"),
    "application_sent_back": gettext_lazy("Given back to the reviewer"),
    "application_approved": gettext_lazy("Approved"),
    "application_refused_fixable": gettext_lazy("Refused, with what can be mended"),
    "application_final_refusal_proposed": gettext_lazy("A final refusal was proposed"),
    "application_refused_final": gettext_lazy("Refused"),
    "application_held": gettext_lazy("Put on hold"),
    "application_hold_lifted": gettext_lazy("Hold lifted"),
    "application_decision_undone": gettext_lazy("Taken back before it was sent"),
    "application_withdrawn": gettext_lazy("Withdrawn"),
    "application_appealed": gettext_lazy("Appealed"),
    "application_appeal_decided": gettext_lazy("Appeal answered"),
    "application_message_sent": gettext_lazy("A message was written"),
    "application_noted": gettext_lazy("A note was left"),
    "application_expired": gettext_lazy("Lapsed"),
    "application_closed": gettext_lazy("Closed"),
    "application_anonymised": gettext_lazy("The words in it were deleted"),
    "application_reference_asked": gettext_lazy("A person named was asked"),
    "application_reference_reminded": gettext_lazy("A person named was reminded"),
    "application_reference_answered": gettext_lazy("A person named has answered"),
    "application_exported": gettext_lazy("A copy of everything about it was made"),
    "application_statement_taken_back": gettext_lazy("The published sentence was taken back"),
    "conflict_declared": gettext_lazy("A conflict of interest was declared"),
}

# What an applicant is not told: how the office works among itself, and what was undone before it was said.
INTERNAL = frozenset(
    {
        "application_handed_over", "application_opinion_given", "application_sent_back", "application_noted",
        "application_final_refusal_proposed", "application_decision_undone", "conflict_declared",
        "application_exported",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of a timeline."""

    what: str
    who: str
    at: datetime


def next_actor(application: Application) -> str:
    """Who acts next, and what there is to do."""
    return str(NEXT_ACTORS[application.state])


def entry(event: Event, application: Application, reader: User) -> Entry:
    """An event as `reader` sees it: applicants are not told which reviewer did what."""
    what = str(EVENT_WORDS.get(event.name, event.name.replace("_", " ")))
    return Entry(what, _who(event, application, reader), event.at)


def _who(event: Event, application: Application, reader: User) -> str:
    if event.actor_id == reader.pk:
        return _("you")
    if event.actor is None:
        return _("the system")
    if reader.pk == application.applicant_id:
        return _("the reviewers")
    return str(event.actor)
