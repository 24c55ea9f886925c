"""The words for where a release stands, what happened to it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.audit.models import Event
from release.lifecycle import Command, State

BADGES: Mapping[str, str] = {
    State.STAGED: "neutral",
    State.VERIFIED: "info",
    State.SCHEDULED: "warning",
    State.PUBLISHED: "success",
    State.DEPRECATED: "warning",
    State.WITHDRAWN: "danger",
}

MEANINGS: Mapping[str, str | Promise] = {
    State.STAGED: gettext_lazy("Its files are in the store. Nobody outside knows of it."),
    State.VERIFIED: gettext_lazy("Every file was read again and found whole. Nobody outside knows of it."),
    State.SCHEDULED: gettext_lazy("The clock publishes it at the moment below. Nobody outside knows of it."),
    State.PUBLISHED: gettext_lazy("Whoever holds a grant for it can fetch it and run it. It never changes."),
    State.DEPRECATED: gettext_lazy("It can still be had; its page says what to use instead."),
    State.WITHDRAWN: gettext_lazy("Nobody can fetch it or run it. Its page stays and says why."),
}

COMMAND_WORDS: Mapping[Command, str | Promise] = {
    Command.STAGE: gettext_lazy("Stage"),
    Command.RESTAGE: gettext_lazy("Stage again"),
    Command.VERIFY: gettext_lazy("Verify"),
    Command.SCHEDULE: gettext_lazy("Schedule"),
    Command.UNSCHEDULE: gettext_lazy("Take off the schedule"),
    Command.PUBLISH: gettext_lazy("Publish"),
    Command.FALL_BACK: gettext_lazy("Fall back"),
    Command.REPAIR: gettext_lazy("Put damaged files back"),
    Command.SIGN: gettext_lazy("Sign"),
    Command.DEPRECATE: gettext_lazy("Deprecate"),
    Command.WITHDRAW: gettext_lazy("Withdraw"),
}

EVENT_WORDS: Mapping[str, str | Promise] = {
    "release_staged": gettext_lazy("Files staged"),
    "release_verification_asked": gettext_lazy("Asked to be verified"),
    "release_verified": gettext_lazy("Verified"),
    "release_fell_back": gettext_lazy("Fell back to staged"),
    "release_damaged_in_store": gettext_lazy("Found damaged in the store"),
    "release_repaired": gettext_lazy("Damaged files put back"),
    "release_scheduled": gettext_lazy("Scheduled"),
    "release_unscheduled": gettext_lazy("Taken off the schedule"),
    "release_published": gettext_lazy("Published"),
    "release_signed": gettext_lazy("Signed later"),
    "release_deprecated": gettext_lazy("Deprecated"),
    "release_withdrawn": gettext_lazy("Withdrawn"),
    "release_withdrawal_rehearsed": gettext_lazy("A withdrawal was rehearsed; nothing was changed"),
}
TOLD = ("publish_at", "damaged", "repaired", "code", "reason", "successor")  # of an event's data, what its line adds


@dataclass(frozen=True)
class Line:
    """One entry of a release's history."""

    what: str
    more: str
    who: str
    at: datetime


def line_of(event: Event) -> Line:
    """An event as the page of the release shows it."""
    what = str(EVENT_WORDS.get(event.name, event.name.replace("_", " ")))
    more = "; ".join(_plain(event.data[key]) for key in TOLD if event.data.get(key))
    who = _("the command line, or the clock") if event.actor is None else str(event.actor)
    return Line(what, more, who, event.at)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).removeprefix("release:")
