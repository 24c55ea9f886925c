"""Giving a grant, taking one back before it was announced, and giving one in the place of another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.commands.attesting import next_date
from access_portal.grants.commands.ending import try_to_expire
from access_portal.grants.commands.step import advance, grants_to_change, locked, write_down
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import LIVE_STATES, Grant, GrantMember
from access_portal.grants.policy import Action, Case, require
from access_portal.licences.models import LicenceVersion

State = Grant.State


def create_grant(
    *,
    holder: User,
    family_id: int,
    licence_version: LicenceVersion,
    variants: Iterable[int],
    whole_family: bool,
    kind: Grant.Kind = Grant.Kind.PERSON,
    lab_name: str = "",
    supersedes: Grant | None = None,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    token_quota: int,
    bytes_per_day: int | None = None,
    may_download: bool,
    may_infer: bool,
    given_by: User | None,
    application: Application | None = None,
    now: datetime,
) -> Grant:
    """Give a right to the sizes with these keys, or to the whole family. The caller writes the mail.

    `given_by` None is the operator at the command line; `supersedes` is a grant that this one takes the place of, its
    members with it. Raises PermissionRefusedError for who may not decide about the holder, InvalidError for terms that
    give nothing, and ConflictError `grant_exists` while another one lives, or `wrong_state` for a grant that no other
    can take the place of.
    """
    if given_by is not None:
        require(given_by, Action.DECIDE, Case(holder.pk), now)
    keys = set(variants)
    _check_terms(starts_at, ends_at, reason, may_download or may_infer, token_quota, bytes_per_day, now)
    _check_scope(keys, whole_family, kind, lab_name)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=holder.pk)  # one grant at a time for one person
        old = None if supersedes is None else _retire(supersedes, holder, family_id, kind, starts_at, now)
        _make_room(holder, family_id, now)
        grant = Grant.objects.create(
            holder=holder, kind=kind, lab_name=lab_name.strip(), family_id=family_id, whole_family=whole_family,
            supersedes=supersedes, licence_version=licence_version, starts_at=starts_at, ends_at=ends_at,
            reason=reason.strip(), token_quota=token_quota, bytes_per_day=bytes_per_day,
            may_download=may_download, may_infer=may_infer,
            given_by=given_by, application=application, state_changed_at=now,
            attest_due_at=next_date(starts_at, ends_at),
        )  # fmt: skip
        _seal(grant, keys, now)
        if old is not None:
            _take_members_along(old, grant)
            write_down(old, given_by, "grant_superseded", now, {"grant": grant.number})
    return grant


def _seal(grant: Grant, keys: set[int], now: datetime) -> None:
    """Name the sizes, then the number: from there on the database holds all of it still."""
    _set_variants(grant, keys)
    grant.number = f"GR-{grant.pk:05d}"
    grant.save(update_fields=["number"])
    terms = {"ends_at": grant.ends_at.isoformat(), "token_quota": grant.token_quota}
    write_down(grant, grant.given_by, "grant_given", now, terms)


def undo_grant(*, grant: Grant, actor: User, now: datetime) -> Grant:
    """Take back a grant whose decision is undone before its mail left: nobody is told, and it is on record.

    Raises PermissionRefusedError, and ConflictError `wrong_state` for one that is not active any more.
    """
    assert grant.number is not None
    with transaction.atomic():
        fresh = locked(grant.number, actor, Command.UNDO, None, now)
        advance(fresh, actor, Command.UNDO, now)
    return fresh


def _make_room(holder: User, family_id: int, now: datetime) -> None:
    """A grant past its end makes room for the next, whether or not the clock has been."""
    live = Grant.objects.filter(holder=holder, family_id=family_id, state__in=LIVE_STATES)
    for number in live.filter(ends_at__lte=now).values_list("number", flat=True):
        try_to_expire(number, now)
    standing = live.first()
    if standing is not None:
        raise ConflictError(
            "grant_exists",
            _("%(holder)s already has grant %(number)s for this model.")
            % {"holder": holder, "number": standing.number},
            _("Change or renew that one, or wait until it ends."),
        )


def _retire(old: Grant, holder: User, family_id: int, kind: Grant.Kind, starts_at: datetime, now: datetime) -> Grant:
    """The old grant makes room for the new one; a lab may pass to another holder, a person's grant may not."""
    fresh = grants_to_change().get(pk=old.pk)
    same_holder = fresh.holder_id == holder.pk or fresh.kind == kind == Grant.Kind.LAB
    if fresh.family_id != family_id or not same_holder:
        raise InvalidError("supersedes_another", _("A grant takes the place of one of the same person and family."))
    if fresh.state not in {State.ACTIVE, State.EXPIRED}:
        state = {"number": fresh.number, "state": fresh.get_state_display()}
        raise ConflictError("wrong_state", _("No grant can take the place of %(number)s: it is “%(state)s”.") % state)
    if fresh.stops.filter(lifted_at__isnull=True).exists():
        raise ConflictError("stopped", _("This lab is stopped; the stop has to be lifted first."))
    if starts_at > now:
        raise InvalidError("grant_dates", _("A grant that replaces another begins at once."), field="starts_at")
    fresh.state, fresh.state_reason, fresh.state_changed_at = State.SUPERSEDED, "", now
    fresh.version += 1
    fresh.save()
    return fresh


def _take_members_along(old: Grant, new: Grant) -> None:
    """Those of the lab stay in it, and links of invitations that are still open lead to the new grant."""
    if new.kind != Grant.Kind.LAB:
        return
    for member in GrantMember.objects.select_for_update().filter(grant=old, removed_at__isnull=True).order_by("pk"):
        if member.user_id == new.holder_id:  # who answers for the lab is no member of it
            continue
        digest = member.token_digest
        GrantMember.objects.filter(pk=member.pk).update(token_digest="")
        member.pk, member.grant, member.token_digest = None, new, digest
        member._state.adding = True
        member.save()


def _check_scope(keys: set[int], whole_family: bool, kind: Grant.Kind, lab_name: str) -> None:
    """Sizes or all of them, and said outright: no empty list may come to mean everything."""
    if bool(keys) == whole_family:
        raise InvalidError(
            "scope_unclear", _("A grant covers the sizes that it names, or the whole family."), field="variants"
        )
    if (kind == Grant.Kind.LAB) != bool(lab_name.strip()):
        raise InvalidError("lab_name", _("A grant for a lab names the lab; another one does not."), field="lab_name")


def _check_terms(
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    gives: bool,
    token_quota: int,
    bytes_per_day: int | None,
    now: datetime,
) -> None:
    if ends_at <= starts_at or ends_at <= now:
        raise InvalidError("grant_dates", _("A grant ends after it starts, and in the future."), field="ends_at")
    if not reason.strip():
        raise InvalidError("reason_missing", _("A grant needs a reason."), field="reason")
    if not gives:
        raise InvalidError("grant_empty", _("A grant allows downloads, inference or both."), field="may_download")
    if token_quota < 0:
        raise InvalidError("quota_negative", _("A quota is a number of tokens from 0 up."), field="token_quota")
    if bytes_per_day is not None and bytes_per_day < 1:
        raise InvalidError("daily_bytes_missing", _("Give a number of bytes a day from 1 up."), field="bytes_per_day")


def _set_variants(grant: Grant, keys: set[int]) -> None:
    grant.variants.set(keys)
    if grant.variants.filter(family_id=grant.family_id).count() != len(keys):
        raise InvalidError("variant_of_other_family", _("A grant covers sizes of one model family."), field="variants")
