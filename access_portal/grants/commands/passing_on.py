"""A lab passes to one of its members: asked by the holder or the office, answered by somebody else."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.standing import Mover
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.commands.giving import create_grant
from access_portal.grants.commands.renewing import current_licence
from access_portal.grants.commands.step import advance, deciders, everybody, hold_holder, locked, required_text, tell
from access_portal.grants.conditions import has_current_licence
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Grant, Transfer


def ask_transfer(
    *, actor: Mover, number: str, version: int | None = None, member_id: int, reason: str, now: datetime
) -> Transfer:
    """Ask that a joined member (`member_id` is the key of their place) answers for the lab from now on.

    Raises InvalidError `not_a_member`, ConflictError `transfer_open`, `not_a_lab`, `wrong_state` or `stale_version`.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.ASK_TRANSFER, version, now)
        assert isinstance(actor, User)
        transfer = Transfer.objects.create(
            grant=grant,
            to=_member(grant, member_id),
            asked_by=actor,
            asked_at=now,
            reason=required_text(reason, "reason"),
        )
        advance(grant, actor, Command.ASK_TRANSFER, now)
        people = [grant.holder, transfer.to, *deciders(grant, but=actor)]
        tell(people, "transfer_asked", grant, now, {"transfer": transfer})
    return transfer


def approve_transfer(
    *, actor: Mover, number: str, version: int | None = None, token_quota: int, text: str = "", now: datetime
) -> Grant:
    """Give the lab's grant to the member who was named, with the old end and a number of tokens of its own.

    Whoever held it is no longer of the lab; the new holder can invite them. Raises ConflictError `no_transfer`,
    `transfer_needs_two`, `revocation_open`, `renewal_open`, `member_left`, `licence_outdated` or `grant_exists`,
    PermissionRefusedError.
    """
    with transaction.atomic():
        hold_holder(number)
        old = locked(number, actor, Command.APPROVE_TRANSFER, version, now)
        assert isinstance(actor, User)
        transfer = _open(old)
        _require_fit(old, transfer.to, actor)
        new = _pass_on(old, transfer.to, actor, token_quota, now)
        transfer.state, transfer.decided_by, transfer.decided_at = Transfer.State.APPROVED, actor, now
        transfer.text, transfer.new_grant = text.strip(), new
        transfer.save()
        words = {"old": old, "transfer": transfer, "before": old.holder}
        tell([*everybody(new), old.holder], "transferred", new, now, words)
    return new


def refuse_transfer(*, actor: Mover, number: str, version: int | None = None, text: str, now: datetime) -> Grant:
    """Say no, and why; the lab stays as it is."""
    with transaction.atomic():
        grant = locked(number, actor, Command.REFUSE_TRANSFER, version, now)
        assert isinstance(actor, User)
        transfer = _open(grant)
        transfer.text = required_text(text, "text")
        transfer.state, transfer.decided_by, transfer.decided_at = Transfer.State.REFUSED, actor, now
        transfer.save()
        advance(grant, actor, Command.REFUSE_TRANSFER, now)
        tell([grant.holder, transfer.to], "transfer_refused", grant, now, {"transfer": transfer})
    return grant


def _member(grant: Grant, member_id: int) -> User:
    joined = grant.members.filter(pk=member_id, joined_at__isnull=False, removed_at=None).select_related("user").first()
    if joined is None or joined.user is None:
        raise InvalidError("not_a_member", _("Choose somebody who has joined the lab."), field="member_id")
    return joined.user


def _require_fit(grant: Grant, person: User, actor: User) -> None:
    """Between asking and answering the person may have left, and the licence may have changed."""
    if person.pk == actor.pk or not grant.members.filter(user=person, removed_at=None).exists():
        raise ConflictError(
            "member_left",
            _("%(name)s is no longer a member of this lab.") % {"name": person},
            _("Refuse this request; the holder can make another one."),
        )
    if not has_current_licence(grant, person.pk):
        raise ConflictError(
            "licence_outdated",
            _("%(name)s has not accepted the current text of the licence.") % {"name": person},
            _("Ask them to accept it under “My licences” first."),
        )


def _pass_on(old: Grant, holder: User, actor: User, token_quota: int, now: datetime) -> Grant:
    return create_grant(
        holder=holder,
        family_id=old.family_id,
        licence_version=current_licence(old),
        variants=list(old.variants.values_list("pk", flat=True)),
        whole_family=old.whole_family,
        kind=Grant.Kind.LAB,
        lab_name=old.lab_name,
        supersedes=old,
        starts_at=now,
        ends_at=old.ends_at,
        reason=old.reason,
        token_quota=token_quota if old.may_infer else 0,
        bytes_per_day=old.bytes_per_day,
        may_download=old.may_download,
        may_infer=old.may_infer,
        given_by=actor,
        now=now,
    )


def _open(grant: Grant) -> Transfer:
    return grant.transfers.select_related("to", "asked_by").get(state=Transfer.State.ASKED)
