"""What an applicant is shown of a case: where it stands in plain words, and nothing that can still be taken back.

A decision or a question waits a minute before its mail leaves. Until then the case stands, for the applicant, where it
stood before: what is undone in that minute was never said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application, State
from access_portal.applications.wording import BADGES, EXPLANATIONS, INTERNAL, NEXT_ACTORS, Entry, entry
from access_portal.applications.workflow import STAFF_STATES
from access_portal.audit.models import Event

UNDONE = "application_decision_undone"
CAN_BE_UNDONE = frozenset(
    {
        "application_info_requested", "application_approved", "application_refused_fixable",
        "application_refused_final",
    }
)  # fmt: skip
OURS = frozenset({*STAFF_STATES, State.APPEALED})  # the office has the ball


@dataclass(frozen=True)
class Stand:
    """Where a case stands, for its applicant. `due_at` is when `next_actor` should have acted."""

    state: State
    badge: str
    explanation: str
    next_actor: str
    due_at: datetime | None
    is_late: bool

    @property
    def label(self) -> str:
        return str(self.state.label)

    @property
    def is_ours(self) -> bool:
        """Whether the office has the ball."""
        return self.state in OURS


def stand_of(application: Application, now: datetime) -> Stand:
    """For a page of the applicant, or one that anybody with the link can open."""
    state = application.told_state(now)
    due_at = application.due_at if application.is_disclosed(now) else None
    explanation = str(EXPLANATIONS[state])
    if application.is_on_hold and state in STAFF_STATES:
        explanation = _("Your application is on hold while we look something up. We go on as soon as we can.")
    late = due_at is not None and due_at < now
    return Stand(state, BADGES[state], explanation, str(NEXT_ACTORS[state]), due_at, late)


def entries(application: Application, reader: User, now: datetime) -> list[Entry]:
    """`told_events` in words."""
    return [entry(event, application, reader) for event in told_events(application, now)]


def told_events(application: Application, now: datetime) -> list[Event]:
    """What happened, oldest first, without how the office works among itself."""
    events = Event.objects.filter(subject=application.subject).select_related("actor").order_by("sequence")
    return _told(events, hide_last=not application.is_disclosed(now))


def _told(events: Iterable[Event], *, hide_last: bool) -> list[Event]:
    told: list[Event] = []
    for event in events:
        if event.name == UNDONE:
            _drop_last(told)
        elif event.name not in INTERNAL:
            told.append(event)
    if hide_last:
        _drop_last(told)
    return told


def _drop_last(told: list[Event]) -> None:
    """Take out the last of what can be undone."""
    for place in range(len(told) - 1, -1, -1):
        if told[place].name in CAN_BE_UNDONE:
            del told[place]
            return
