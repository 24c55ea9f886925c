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
    State.SUBMITTED: "info",
    State.IN_REVIEW: "info",
    State.APPROVED: "success",
    State.REFUSED: "danger",
    State.WITHDRAWN: "neutral",
}

EXPLANATIONS: Mapping[str, str | Promise] = {
    State.SUBMITTED: gettext_lazy("We have your application. It waits for a reviewer to take it."),
    State.IN_REVIEW: gettext_lazy("A reviewer is reading your application."),
    State.APPROVED: gettext_lazy("Your application was approved, and a grant was made for you."),
    State.REFUSED: gettext_lazy("Your application was refused. The reasons are below."),
    State.WITHDRAWN: gettext_lazy("You withdrew this application. Nothing more happens with it."),
}

_NEXT_ACTORS: Mapping[str, str | Promise] = {
    State.SUBMITTED: gettext_lazy("A reviewer. You need not do anything; we write to you when it is decided."),
    State.IN_REVIEW: gettext_lazy("The reviewers. You need not do anything; we write to you when it is decided."),
    State.APPROVED: gettext_lazy("You: use your grant."),
    State.REFUSED: gettext_lazy("You, if you want to apply again."),
    State.WITHDRAWN: gettext_lazy("Nobody. You may apply again at any time."),
}

EVENT_WORDS: Mapping[str, str | Promise] = {
    "application_submitted": gettext_lazy("Submitted"),
    "application_claimed": gettext_lazy("Taken up for review"),
    "application_released": gettext_lazy("Given back to the queue"),
    "application_approved": gettext_lazy("Approved"),
    "application_refused": gettext_lazy("Refused"),
    "application_withdrawn": gettext_lazy("Withdrawn"),
}


@dataclass(frozen=True)
class Entry:
    """One line of a timeline."""

    what: str
    who: str
    at: datetime


def next_actor(application: Application) -> str:
    """Who acts next, and what there is to do."""
    if application.state == State.REFUSED and not application.may_reapply:
        return _("Nobody. This answer is final.")
    return str(_NEXT_ACTORS[application.state])


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
