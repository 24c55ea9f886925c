"""The words for where a grant stands, what happened to it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.grants.lifecycle import Command, State
from access_portal.grants.models import Grant

BADGES: Mapping[str, str] = {
    State.ACTIVE: "success",
    State.SUSPENDED: "warning",
    State.EXPIRED: "neutral",
    State.REVOKED: "danger",
    State.SUPERSEDED: "neutral",
    State.SURRENDERED: "neutral",
    State.UNDONE: "neutral",
}

MEANINGS: Mapping[str, str | Promise] = {
    State.ACTIVE: gettext_lazy("It gives what it says below."),
    State.SUSPENDED: gettext_lazy("It gives nothing for now. That can be lifted; a person looks at it again."),
    State.EXPIRED: gettext_lazy("Its time is over. It can be renewed until 90 days after the end."),
    State.REVOKED: gettext_lazy("It was ended for good, by two people and for a reason."),
    State.SUPERSEDED: gettext_lazy("A later grant has taken its place and goes on."),
    State.SURRENDERED: gettext_lazy("Its holder gave it back."),
    State.UNDONE: gettext_lazy("It was taken back before anybody was told of it."),
}

COMMAND_WORDS: Mapping[Command, str | Promise] = {
    Command.SUSPEND: gettext_lazy("Suspend"),
    Command.LIFT: gettext_lazy("Lift the suspension"),
    Command.PROPOSE_REVOCATION: gettext_lazy("Propose to revoke"),
    Command.REVOKE_AT_ONCE: gettext_lazy("Revoke at once"),
    Command.RATIFY_REVOCATION: gettext_lazy("Confirm the revocation"),
    Command.DECLINE_REVOCATION: gettext_lazy("Decline the revocation"),
    Command.LAPSE_REVOCATION: gettext_lazy("Let an unconfirmed revocation lapse"),
    Command.SURRENDER: gettext_lazy("Give it back"),
    Command.ATTEST: gettext_lazy("Confirm the use"),
    Command.ASK_RENEWAL: gettext_lazy("Ask to renew"),
    Command.GRANT_RENEWAL: gettext_lazy("Renew"),
    Command.REFUSE_RENEWAL: gettext_lazy("Refuse to renew"),
    Command.SUPERSEDE: gettext_lazy("Change the terms"),
    Command.INVITE: gettext_lazy("Invite a member"),
    Command.JOIN: gettext_lazy("Join the lab"),
    Command.LEAVE: gettext_lazy("Leave the lab"),
    Command.REMOVE_MEMBER: gettext_lazy("Remove a member"),
    Command.ASK_TRANSFER: gettext_lazy("Ask that the lab passes to a member"),
    Command.APPROVE_TRANSFER: gettext_lazy("Let the lab pass on"),
    Command.REFUSE_TRANSFER: gettext_lazy("Refuse that the lab passes on"),
    Command.UNDO: gettext_lazy("Undo the approval"),
    Command.EXPIRE: gettext_lazy("Write down the end"),
}

EVENT_WORDS: Mapping[str, str | Promise] = {
    "grant_given": gettext_lazy("Given"),
    "grant_undone": gettext_lazy("Taken back before it was announced"),
    "grant_suspended": gettext_lazy("Suspended"),
    "grant_lifted": gettext_lazy("Suspension lifted"),
    "grant_revocation_proposed": gettext_lazy("A revocation was proposed"),
    "grant_revoked_at_once": gettext_lazy("Stopped at once, to be revoked when a second person confirms it"),
    "grant_revoked": gettext_lazy("Revoked"),
    "grant_revocation_declined": gettext_lazy("The revocation was declined"),
    "grant_revocation_lapsed": gettext_lazy("Nobody confirmed the revocation in time; suspended"),
    "grant_surrendered": gettext_lazy("Given back"),
    "grant_expired": gettext_lazy("Ended on its day"),
    "grant_attested": gettext_lazy("The holder confirmed the use"),
    "grant_attestation_overdue": gettext_lazy("The holder's yearly confirmation is a month late"),
    "grant_renewal_asked": gettext_lazy("Renewal asked for"),
    "grant_renewal_refused": gettext_lazy("Renewal refused"),
    "grant_superseded": gettext_lazy("A later grant took its place"),
    "grant_member_invited": gettext_lazy("A member was invited"),
    "grant_member_joined": gettext_lazy("A member joined"),
    "grant_member_left": gettext_lazy("A member left"),
    "grant_member_removed": gettext_lazy("A member was removed"),
    "grant_transfer_asked": gettext_lazy("It was asked that the lab passes to a member"),
    "grant_transfer_refused": gettext_lazy("That the lab passes on was refused"),
    "grant_receipt_made": gettext_lazy("A signed receipt was made"),
}

DOWNLOADS = "download_link_made"  # written in earlier times; each link has its line in the access log instead
# What the office talks over among itself: the people of the grant hear of it when it changes something for them.
INTERNAL = frozenset({"grant_revocation_proposed", "grant_revocation_declined"})


@dataclass(frozen=True)
class Entry:
    """One line of a history."""

    what: str
    who: str
    at: datetime


def entry(event: Event, grant: Grant, reader: User, *, for_office: bool) -> Entry:
    """An event as `reader` sees it: who of the office did what is told to the office alone."""
    what = str(EVENT_WORDS.get(event.name, event.name.replace("_", " ")))
    return Entry(what, _who(event, grant, reader, for_office=for_office), event.at)


def _who(event: Event, grant: Grant, reader: User, *, for_office: bool) -> str:
    if event.actor_id == reader.pk:
        return _("you")
    if event.actor is None:
        return _("the clock") if for_office else _("by itself")
    if for_office or event.actor_id == grant.holder_id or not event.actor.is_office:
        return str(event.actor)
    return _("the office")
