"""Every change of an application, by name: views, API, admin, management commands and the clock call these."""

from access_portal.applications.commands.attaching import attach, detach
from access_portal.applications.commands.deciding import (
    approve,
    decide_appeal,
    propose_final,
    refuse_final,
    refuse_fixable,
    send_back,
    undo,
)
from access_portal.applications.commands.declaring import declare_conflict, end_conflict
from access_portal.applications.commands.drafting import (
    resubmit,
    save_draft,
    start_application,
    submit_application,
    withdraw,
)
from access_portal.applications.commands.holding import lift_hold, set_hold
from access_portal.applications.commands.keeping import anonymise, close, expire
from access_portal.applications.commands.reviewing import (
    Ask,
    claim,
    hand_over,
    note,
    opine,
    recommend,
    release,
    request_info,
)
from access_portal.applications.commands.talking import appeal, send_message
from access_portal.applications.commands.writing import save_form, written

__all__ = [
    "Ask", "anonymise", "appeal", "approve", "attach", "claim", "close", "decide_appeal", "declare_conflict", "detach",
    "end_conflict", "expire", "hand_over", "lift_hold", "note", "opine", "propose_final", "recommend", "refuse_final",
    "refuse_fixable", "release", "request_info", "resubmit", "save_draft", "save_form", "send_back", "send_message",
    "set_hold",
    "start_application", "submit_application", "undo", "withdraw", "written",
]  # fmt: skip
