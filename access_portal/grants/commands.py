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
from access_portal.grants.models import LIVE_STATES, Grant
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
    """Give a right; `variants` are keys, none of them means the whole family. The caller writes the mail.

    `given_by` None is the operator at the command line. Raises PermissionRefusedError for who may not decide about
    the holder, InvalidError for terms that give nothing, and ConflictError `grant_exists` while another one lives.
    """
    if given_by is not None:
        require(given_by, Action.DECIDE, Case(holder.pk), now)
    _check_terms(starts_at, ends_at, reason, may_download or may_infer, token_quota, now)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=holder.pk)  # one grant at a time for one person
        _make_room(holder, family_id, now)
        grant = Grant.objects.create(
            holder=holder,
            family_id=family_id,
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
        grant.number = f"GR-{grant.pk:05d}"
        grant.save(update_fields=["number"])
        _set_variants(grant, variants)
        _record(grant, "grant_given", given_by, now, ends_at=ends_at.isoformat(), token_quota=token_quota)
    return grant


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
    grant.state, grant.state_reason, grant.state_changed_at = to, state_reason, now
    grant.save(update_fields=["state", "state_reason", "state_changed_at"])
    _record(grant, TOLD[to], actor, now, was=str(was))
    queue_mail(
        template=TOLD[to],
        context={"grant": grant, "family": grant.family, "reason": said, "path": reverse("my_grants")},
        user=grant.holder,
        now=now,
        about=f"grant:{grant.number}",
    )


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


def _set_variants(grant: Grant, variants: Iterable[int]) -> None:
    keys = set(variants)
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
