"""What every command does: find the one row and lock it, ask the lifecycle, change it, write it down, tell people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access_portal.accounts.models import Role, User
from access_portal.applications.standing import Mover
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.distance import all_near
from access_portal.grants.lifecycle import Command, State, leads_to
from access_portal.grants.models import Grant
from access_portal.grants.standing import not_found, page_for, require_command, state_of
from access_portal.outbox.commands import queue_mail

EVENTS = {
    Command.SUSPEND: "grant_suspended",
    Command.LIFT: "grant_lifted",
    Command.PROPOSE_REVOCATION: "grant_revocation_proposed",
    Command.REVOKE_AT_ONCE: "grant_revoked_at_once",
    Command.RATIFY_REVOCATION: "grant_revoked",
    Command.DECLINE_REVOCATION: "grant_revocation_declined",
    Command.LAPSE_REVOCATION: "grant_revocation_lapsed",
    Command.SURRENDER: "grant_surrendered",
    Command.ATTEST: "grant_attested",
    Command.ASK_RENEWAL: "grant_renewal_asked",
    Command.REFUSE_RENEWAL: "grant_renewal_refused",
    Command.INVITE: "grant_member_invited",
    Command.JOIN: "grant_member_joined",
    Command.LEAVE: "grant_member_left",
    Command.REMOVE_MEMBER: "grant_member_removed",
    Command.ASK_TRANSFER: "grant_transfer_asked",
    Command.REFUSE_TRANSFER: "grant_transfer_refused",
    Command.UNDO: "grant_undone",
    Command.EXPIRE: "grant_expired",
}  # a grant that takes the place of another writes `grant_superseded` itself


def grants_to_change() -> QuerySet[Grant]:
    """The rows of grants, to be locked until the transaction ends."""
    rows = Grant.objects.select_for_update(of=("self",))
    return rows.select_related("holder", "family__weights_licence", "licence_version__licence")


def hold_holder(number: str) -> None:
    """Lock the holder's own row: before the grant's, in the order in which whoever gives grants takes the two.

    Not its key (here and wherever a person is locked): whoever holds the grant may be writing a mail to the holder.
    """
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(grants__number=number))


def locked(number: str, actor: Mover, command: Command, version: int | None, now: datetime) -> Grant:
    """The row, locked until the transaction ends, once nothing stands in the way of the command.

    `version` None is for what is meant whatever others did meanwhile. Raises as `standing.require_command` does, or
    ConflictError `stale_version`.
    """
    grant = grants_to_change().filter(number=number).exclude(state=State.UNDONE).first()
    if grant is None:
        raise not_found(number)
    require_command(grant, actor, command, now)
    if version is not None and version != grant.version:
        raise ConflictError(
            "stale_version",
            _("Grant %(number)s was changed while you were reading it.") % {"number": grant.number},
            _("Nothing of yours was done. Look at what happened, then act again."),
            f"{page_for(grant, actor)}#history",
        )
    return grant


def advance(grant: Grant, actor: Mover, command: Command, now: datetime, data: dict[str, Any] | None = None) -> None:
    """Move on to where the table leads, save the row and write the event."""
    was = State(grant.state)
    target = leads_to(state_of(grant, now), command)
    if target != was:
        grant.state, grant.state_changed_at = target, now
    grant.version += 1
    grant.save()
    write_down(grant, actor, EVENTS[command], now, {"was": str(was), **(data or {})})


def write_down(grant: Grant, actor: Mover, name: str, now: datetime, data: dict[str, Any]) -> None:
    """An event on the grant's chain; `actor` is None there when it was the clock or the operator."""
    facts = {"state": str(grant.state), "version": grant.version, **data}
    record(grant.subject, name, actor=actor if isinstance(actor, User) else None, now=now, data=facts)


def tell(
    people: User | Iterable[User], kind: str, grant: Grant, now: datetime, context: dict[str, Any] | None = None
) -> None:
    """Queue `mail/grant_<kind>.txt` for these people; `path` leads to the page that each of them can open."""
    for person in [people] if isinstance(people, User) else people:
        queue_mail(
            template=f"grant_{kind}",
            context={
                "grant": grant,
                "family": grant.family,
                "path": page_for(grant, person),
                "is_holder": person.pk == grant.holder_id,
                **(context or {}),
            },
            user=person,
            now=now,
            about=grant.subject,
        )


def everybody(grant: Grant) -> list[User]:
    """The holder, and those of the lab."""
    return [grant.holder, *joined(grant)]


def joined(grant: Grant) -> list[User]:
    """Those of the lab beside the holder."""
    places = grant.members.filter(joined_at__isnull=False, removed_at=None).select_related("user").order_by("pk")
    return [place.user for place in places if place.user is not None]


def deciders(grant: Grant, but: Mover = None) -> list[User]:
    """Who may judge this grant, without `but`: those who are neither its holder nor near to them."""
    return _staff(grant, but, Role.DECIDER)


def office(grant: Grant, but: Mover = None) -> list[User]:
    """Deciders and office administrators who may act on this grant, without `but`."""
    return _staff(grant, but, Role.DECIDER, Role.ADMIN)


def _staff(grant: Grant, but: Mover, *roles: Role) -> list[User]:
    people = User.objects.filter(is_active=True, roles__role__in=roles).exclude(pk=grant.holder_id).distinct()
    away = all_near(grant) | ({but.pk} if isinstance(but, User) else set())
    return [person for person in people.order_by("pk") if person.pk not in away]


def required_text(text: str, field: str, *, least: int = 1, most: int = 4000) -> str:
    """`text` without its margins; raises InvalidError `text_missing`, `text_too_short` or `text_too_long`."""
    clean = text.strip().replace("\0", "")
    if not clean:
        raise InvalidError("text_missing", _("Write something here."), field=field)
    if len(clean) < least:
        message = _("Write at least %(count)d characters.") % {"count": least}
        raise InvalidError("text_too_short", message, field=field)
    if len(clean) > most:
        message = _("Write at most %(count)d characters.") % {"count": most}
        raise InvalidError("text_too_long", message, field=field)
    return clean
