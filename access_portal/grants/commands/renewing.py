"""Going on after the end: the holder reports and asks, a decider gives a grant that takes the place of the old one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.applications.families import keys_of_variants
from access_portal.applications.standing import Mover
from access_portal.applications.terms import Terms
from access_portal.grants.commands.giving import create_grant
from access_portal.grants.commands.step import advance, deciders, everybody, hold_holder, locked, required_text, tell
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Grant, Renewal
from access_portal.licences.models import LicenceVersion
from access_portal.licences.queries import current_version


def ask_renewal(
    *, actor: Mover, number: str, version: int | None = None, outputs: str, changes: str, now: datetime
) -> Renewal:
    """Report what came of the work, and what is no longer as it was, and ask to go on.

    Raises ConflictError `not_renewal_time`, `renewal_open`, `licence_outdated`, `wrong_state` or `stale_version`,
    InvalidError, NotFoundError.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.ASK_RENEWAL, version, now)
        assert isinstance(actor, User)
        renewal = Renewal.objects.create(
            grant=grant,
            asked_by=actor,
            asked_at=now,
            outputs=required_text(outputs, "outputs", least=20),
            changes=required_text(changes, "changes"),
        )
        advance(grant, actor, Command.ASK_RENEWAL, now)
        tell([grant.holder, *deciders(grant)], "renewal_asked", grant, now, {"renewal": renewal})
    return renewal


def grant_renewal(
    *, actor: Mover, number: str, version: int | None = None, terms: Terms, text: str = "", now: datetime
) -> Grant:
    """Give the grant that goes on: from now, until `terms` last after the old end; members come along.

    Raises ConflictError `no_renewal`, `revocation_open`, `transfer_open`, `licence_outdated`, `grant_exists`,
    `wrong_state` or `stale_version`, PermissionRefusedError.
    """
    with transaction.atomic():
        hold_holder(number)
        old = locked(number, actor, Command.GRANT_RENEWAL, version, now)
        assert isinstance(actor, User)
        ends_at = terms.ends_at(max(now, old.ends_at))
        new = in_place_of(old, actor, terms, ends_at, now)
        renewal = _answer(old, actor, Renewal.State.GRANTED, text.strip(), now)
        renewal.new_grant = new
        renewal.save()
        tell(everybody(new), "renewed", new, now, {"old": old, "text": renewal.text})
    return new


def refuse_renewal(*, actor: Mover, number: str, version: int | None = None, text: str, now: datetime) -> Grant:
    """Say no, and why; the grant goes on until its end as it was given."""
    with transaction.atomic():
        grant = locked(number, actor, Command.REFUSE_RENEWAL, version, now)
        assert isinstance(actor, User)
        renewal = _answer(grant, actor, Renewal.State.REFUSED, required_text(text, "text", least=20), now)
        renewal.save()
        advance(grant, actor, Command.REFUSE_RENEWAL, now)
        tell(grant.holder, "renewal_refused", grant, now, {"text": renewal.text})
    return grant


def supersede(
    *, actor: Mover, number: str, version: int | None = None, terms: Terms, text: str, now: datetime
) -> Grant:
    """Change the terms: a grant by `terms`, which last from now, takes the place of this one at once."""
    with transaction.atomic():
        hold_holder(number)
        old = locked(number, actor, Command.SUPERSEDE, version, now)
        assert isinstance(actor, User)
        said = required_text(text, "text")
        new = in_place_of(old, actor, terms, terms.ends_at(now), now)
        tell(everybody(new), "changed", new, now, {"old": old, "text": said})
    return new


def in_place_of(old: Grant, actor: User, terms: Terms, ends_at: datetime, now: datetime) -> Grant:
    """A grant to the same holder or lab, under the licence's current text; the old one is superseded."""
    terms = replace(terms, lab_name=old.lab_name)
    return create_grant(
        holder=old.holder,
        family_id=old.family_id,
        licence_version=current_licence(old),
        variants=keys_of_variants(old.family, terms.variants),
        whole_family=terms.whole_family,
        kind=Grant.Kind(old.kind),
        lab_name=old.lab_name,
        supersedes=old,
        starts_at=now,
        ends_at=ends_at,
        reason=terms.reason,
        token_quota=terms.token_quota if terms.may_infer else 0,
        bytes_per_day=terms.bytes_per_day,
        may_download=terms.may_download,
        may_infer=terms.may_infer,
        given_by=actor,
        now=now,
    )


def current_licence(grant: Grant) -> LicenceVersion:
    """The text that whoever goes on accepted; the lifecycle has made sure of that."""
    current = current_version(grant.family.weights_licence)
    assert current is not None
    return current


def _answer(grant: Grant, actor: User, state: Renewal.State, text: str, now: datetime) -> Renewal:
    renewal = Renewal.objects.get(grant=grant, state=Renewal.State.ASKED)
    renewal.state, renewal.decided_by, renewal.decided_at, renewal.text = state, actor, now, text
    return renewal
