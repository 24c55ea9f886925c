"""Every change to a grant: given, suspended, lifted, revoked, ended. Each is on record and the holder is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.models import LIVE_STATES, Grant, GrantMember
from access_portal.grants.policy import Action, Case, require
from access_portal.licences.models import LicenceVersion
from access_portal.outbox.commands import queue_mail

State = Grant.State
TOLD = {  # state reached -> name of the event and of the mail
    State.SUSPENDED: "grant_suspended",
    State.ACTIVE: "grant_lifted",
    State.REVOKED: "grant_revoked",
    State.EXPIRED: "grant_expired",
}


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
    _check_terms(starts_at, ends_at, reason, may_download or may_infer, token_quota, now)
    _check_scope(keys, whole_family, kind, lab_name)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=holder.pk)  # one grant at a time for one person
        if supersedes is not None:
            _retire(supersedes, holder, family_id, kind, starts_at, given_by, now)
        _make_room(holder, family_id, now)
        grant = Grant.objects.create(
            holder=holder,
            kind=kind,
            lab_name=lab_name.strip(),
            family_id=family_id,
            whole_family=whole_family,
            supersedes=supersedes,
            licence_version=licence_version,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason.strip(),
            token_quota=token_quota,
            may_download=may_download,
            may_infer=may_infer,
            given_by=given_by,
            application=application,
            state_changed_at=now,
        )
        _set_variants(grant, keys)
        if supersedes is not None:
            _take_members_along(supersedes, grant)
        grant.number = f"GR-{grant.pk:05d}"
        grant.save(update_fields=["number"])  # from here on the database holds all of this still
        _record(grant, "grant_given", given_by, now, ends_at=ends_at.isoformat(), token_quota=token_quota)
    return grant


def undo_grant(*, grant: Grant, actor: User, now: datetime) -> Grant:
    """Take back a grant whose decision is undone before its mail left: nobody is told, and it is on record.

    Raises PermissionRefusedError, and ConflictError `wrong_state` for one that is not active any more.
    """
    require(actor, Action.DECIDE, Case(grant.holder_id), now)
    with transaction.atomic():
        fresh = _locked().get(pk=grant.pk)
        if fresh.state != State.ACTIVE:
            raise _wrong_state(fresh, now)
        _set_state(fresh, State.UNDONE, "", now)
        _record(fresh, "grant_undone", actor, now)
    return fresh


def suspend(*, grant: Grant, actor: User, reason: str, now: datetime) -> Grant:
    """Stop a grant until it is lifted; the holder reads `reason`."""
    return _change(grant, {State.ACTIVE}, State.SUSPENDED, actor=actor, reason=reason, now=now)


def lift(*, grant: Grant, actor: User, reason: str, now: datetime) -> Grant:
    """End a suspension; the holder reads `reason` in the mail."""
    return _change(grant, {State.SUSPENDED}, State.ACTIVE, actor=actor, reason=reason, now=now)


def revoke(*, grant: Grant, actor: User, reason: str, now: datetime) -> Grant:
    """End a grant for good; the holder reads `reason`."""
    return _change(grant, set(LIVE_STATES), State.REVOKED, actor=actor, reason=reason, now=now)


def expire_due(now: datetime) -> int:
    """Write down the grants whose end has passed and tell their holders; returns how many.

    Safe to run in many processes: each grant is locked and looked at again. Nothing waits for it, since the access
    policy reads the dates.
    """
    due = Grant.objects.filter(state__in=LIVE_STATES, ends_at__lte=now).values_list("pk", flat=True)
    return sum(_expire(pk, now) for pk in due.order_by("ends_at", "pk"))


def _change(
    grant: Grant, from_states: set[Grant.State], to: Grant.State, *, actor: User, reason: str, now: datetime
) -> Grant:
    """The holder is asked about first: nobody touches a grant of their own."""
    require(actor, Action.DECIDE, Case(grant.holder_id), now)
    if not reason.strip():
        raise InvalidError("reason_missing", _("Give a reason; the holder will read it."), field="reason")
    with transaction.atomic():
        fresh = _locked().get(pk=grant.pk)
        if fresh.state not in from_states or now >= fresh.ends_at:
            raise _wrong_state(fresh, now)
        _move(fresh, to, actor, "" if to == State.ACTIVE else reason.strip(), reason.strip(), now)
    return fresh


def _expire(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        grant = _locked().filter(pk=pk, state__in=LIVE_STATES, ends_at__lte=now).first()
        if grant is None:  # another process was faster
            return False
        _move(grant, State.EXPIRED, None, grant.state_reason, "", now)
    return True


def _move(grant: Grant, to: Grant.State, actor: User | None, state_reason: str, said: str, now: datetime) -> None:
    was = grant.state
    _set_state(grant, to, state_reason, now)
    _record(grant, TOLD[to], actor, now, was=str(was))
    queue_mail(
        template=TOLD[to],
        context={"grant": grant, "family": grant.family, "reason": said, "path": reverse("my_grants")},
        user=grant.holder,
        now=now,
        about=f"grant:{grant.number}",
    )


def _set_state(grant: Grant, to: Grant.State, state_reason: str, now: datetime) -> None:
    grant.state, grant.state_reason, grant.state_changed_at = to, state_reason, now
    grant.save(update_fields=["state", "state_reason", "state_changed_at"])


def _locked() -> QuerySet[Grant]:
    return Grant.objects.select_related("holder", "family").select_for_update(of=("self",))


def _make_room(holder: User, family_id: int, now: datetime) -> None:
    """A grant past its end makes room for the next, whether or not the clock has been."""
    live = Grant.objects.filter(holder=holder, family_id=family_id, state__in=LIVE_STATES)
    for pk in live.filter(ends_at__lte=now).values_list("pk", flat=True):
        _expire(pk, now)
    standing = live.first()
    if standing is not None:
        raise ConflictError(
            "grant_exists",
            _("%(holder)s already has grant %(number)s for this model.")
            % {"holder": holder, "number": standing.number},
            _("Revoke it first, or wait until it ends."),
        )


def _retire(
    old: Grant, holder: User, family_id: int, kind: Grant.Kind, starts_at: datetime, actor: User | None, now: datetime
) -> None:
    """The old grant makes room for the new one; a lab may pass to another holder, a person's grant may not."""
    fresh = _locked().get(pk=old.pk)
    same_holder = fresh.holder_id == holder.pk or fresh.kind == kind == Grant.Kind.LAB
    if fresh.family_id != family_id or not same_holder:
        raise InvalidError("supersedes_another", _("A grant takes the place of one of the same person and family."))
    if fresh.state not in {*LIVE_STATES, State.EXPIRED}:
        raise _wrong_state(fresh, now)
    if starts_at > now:
        raise InvalidError("grant_dates", _("A grant that replaces another begins at once."), field="starts_at")
    was = fresh.state
    _set_state(fresh, State.SUPERSEDED, "", now)
    _record(fresh, "grant_superseded", actor, now, was=str(was))


def _take_members_along(old: Grant, new: Grant) -> None:
    """Those of the lab stay in it, and links of invitations that are still open lead to the new grant."""
    if new.kind != Grant.Kind.LAB:
        return
    for member in GrantMember.objects.select_for_update().filter(grant=old, removed_at__isnull=True).order_by("pk"):
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
    starts_at: datetime, ends_at: datetime, reason: str, gives: bool, token_quota: int, now: datetime
) -> None:
    if ends_at <= starts_at or ends_at <= now:
        raise InvalidError("grant_dates", _("A grant ends after it starts, and in the future."), field="ends_at")
    if not reason.strip():
        raise InvalidError("reason_missing", _("A grant needs a reason."), field="reason")
    if not gives:
        raise InvalidError("grant_empty", _("A grant allows downloads, inference or both."), field="may_download")
    if token_quota < 0:
        raise InvalidError("quota_negative", _("A quota is a number of tokens from 0 up."), field="token_quota")


def _set_variants(grant: Grant, keys: set[int]) -> None:
    grant.variants.set(keys)
    if grant.variants.filter(family_id=grant.family_id).count() != len(keys):
        raise InvalidError("variant_of_other_family", _("A grant covers sizes of one model family."), field="variants")


def _record(grant: Grant, name: str, actor: User | None, now: datetime, **data: Any) -> None:
    record(f"grant:{grant.number}", name, actor=actor, now=now, data=data)


def _wrong_state(grant: Grant, now: datetime) -> ConflictError:
    state = State.EXPIRED.label if now >= grant.ends_at else grant.get_state_display()
    return ConflictError(
        "wrong_state",
        _("That is not possible now: grant %(number)s is “%(state)s”.") % {"number": grant.number, "state": state},
        _("Look at it again; somebody may have changed it a moment ago."),
    )
