"""The tables of applications: the case, what people judge about it, and what the office keeps beside it."""

from access_portal.applications.models.case import (
    CLAIM_LASTS,
    Application,
    Attachment,
    InfoRequest,
    Message,
    Note,
    Round,
)
from access_portal.applications.models.judgements import Appeal, Decision, Opinion, Recommendation, Verdict
from access_portal.applications.models.office import (
    Conflict,
    QueueLine,
    Reminder,
    ReviewPolicy,
    SavedFilter,
    Signal,
)
from access_portal.applications.workflow import DECIDED_STATES, OPEN_STATES, State

__all__ = [
    "CLAIM_LASTS", "DECIDED_STATES", "OPEN_STATES", "Appeal", "Application", "Attachment", "Conflict", "Decision",
    "InfoRequest", "Message", "Note", "Opinion", "QueueLine", "Recommendation", "Reminder", "ReviewPolicy", "Round",
    "SavedFilter", "Signal", "State", "Verdict",
]  # fmt: skip
