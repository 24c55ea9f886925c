"""Every page of staff, and which right opens it: the front desk links a page exactly when the page lets one in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User
from access_portal.grants.policy import Action, Granted, Office, decide_each, require
from access_portal.office.tables import READING

STAFF = (
    Action.REVIEW, Action.DECIDE, Action.AUDIT, Action.ADMINISTER, Action.STOP, Action.SEE_REPORTS,
    Action.MANAGE_RELEASES, Action.MANAGE_LICENCES, Action.MANAGE_FORMS, Action.MANAGE_PEOPLE, Action.OPERATE,
)  # fmt: skip


@dataclass(frozen=True)
class Door:
    """One page; any of `actions` opens it."""

    name: str  # of its address
    title: Promise
    hint: Promise
    actions: Sequence[Action]


ROOMS: Sequence[tuple[Promise, Sequence[Door]]] = (
    (_("Cases"), (
        Door(
            "review_queue", _("Queue"), _("Every application that was sent, and the next one to take."),
            (Action.REVIEW, Action.ADMINISTER),
        ),
        Door(
            "review_desk", _("Decider’s desk"), _("Recommended cases, final refusals, appeals, holds."),
            (Action.DECIDE,),
        ),
        Door(
            "my_conflicts", _("My conflicts of interest"), _("Cases and people that you stand too near to."),
            (Action.REVIEW,),
        ),
        Door(
            "review_policy", _("Rules of review"), _("How many people decide, and how long things may take."),
            (Action.ADMINISTER,),
        ),
        Door("reports", _("Reports"), _("Inflow, waiting, time to decide, reasons."), (Action.SEE_REPORTS,)),
    )),
    (_("Grants"), (
        Door(
            "grants_office", _("Grants"), _("Who may use what; suspend, renew, pass on a lab."),
            (Action.REVIEW, Action.AUDIT, Action.STOP),
        ),
        Door(
            "revocations", _("Revocations"), _("What waits for a second person."),
            (Action.REVIEW, Action.AUDIT, Action.STOP),
        ),
        Door(
            "stop_everything", _("Stop everything"), _("Of one person, a lab, a model family or the house, at once."),
            (Action.STOP,),
        ),
    )),
    (_("Models"), (
        Door(
            "office_releases", _("Releases"), _("Verify, schedule, publish, deprecate and withdraw."),
            (Action.MANAGE_RELEASES, Action.AUDIT),
        ),
    )),
    (_("Texts"), (
        Door("office_licences", _("Licences"), _("Publish a new text."), (Action.MANAGE_LICENCES,)),
        Door("forms", _("Forms"), _("What applicants are asked."), (Action.MANAGE_FORMS,)),
    )),
    (_("People and records"), (
        Door(
            "people", _("People"), _("Accounts, roles, closing an account."), (Action.MANAGE_PEOPLE, Action.AUDIT)
        ),
        Door("audit_log", _("Event log"), _("Who did what, and whether anybody rewrote it."), (Action.AUDIT,)),
        Door("retention", _("Forgetting"), _("What is deleted when, and what is due."), (Action.ADMINISTER,)),
        Door("admin:index", _("Tables"), _("Every table of the house, to look at and not to change."), READING),
    )),
    (_("Machinery"), (
        Door("mail_log", _("Mail"), _("What waits and what failed."), (Action.OPERATE,)),
        Door("webhooks", _("Webhooks"), _("Which systems are told of events."), (Action.OPERATE,)),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Room:
    """The doors of one kind that are open to somebody."""

    title: Promise
    doors: Sequence[Door]


def open_actions(person: User, now: datetime) -> frozenset[Action]:
    """All that this person may do for the house; empty for those who are not staff."""
    answers = decide_each(person, STAFF, Office(), now)
    return frozenset(action for action, answer in answers.items() if isinstance(answer, Granted))


def require_staff(person: User, now: datetime) -> frozenset[Action]:
    """Raises PermissionRefusedError for those to whom no door is open."""
    found = open_actions(person, now)
    if not found:
        require(person, Action.REVIEW, Office(), now)
    return found


def rooms_for(actions: Collection[Action]) -> list[Room]:
    """What these rights open, without empty rooms."""
    found = (Room(title, [door for door in doors if set(door.actions) & set(actions)]) for title, doors in ROOMS)
    return [room for room in found if room.doors]
