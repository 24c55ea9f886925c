"""Rehearsing a withdrawal: who would be told, what would stop, what would stay. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants.models import LIVE_STATES as LIVE_GRANTS
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Granted, Office, decide
from release.errors import ReleaseStateError
from release.ledger import require_ledger_reader
from release.lifecycle import State
from release.models import LIVE_STATES, Mint, Release
from release.publishing.telling import concerned
from release.queries import releases_of
from release.running import Running, running
from release.staging import audit_subject

MOST_NAMED = 200  # people and grants; the counts are of all
SEES_ADDRESSES = (Action.AUDIT, Action.MANAGE_PEOPLE)


@dataclass(frozen=True)
class Told:
    """Somebody who would get a mail; `email` is masked for those who may not see it."""

    name: str
    username: str
    email: str


@dataclass(frozen=True)
class Rehearsal:
    """What a withdrawal at `at` would mean."""

    release: Release
    at: datetime
    told_count: int
    told: Sequence[Told]
    grants_count: int  # that open this release today, whether or not it was fetched
    grants: Sequence[str]
    links_count: int  # made before and still good: they cannot be called back
    links_until: datetime | None
    stops: Sequence[Running]
    instead: Release | None  # what people would be offered from then on


def rehearse_withdrawal(*, release: Release, actor: User | None, now: datetime) -> Rehearsal:
    """See what would happen, and put on record that somebody looked. `actor` None is the operator.

    Raises PermissionRefusedError, and ReleaseStateError for what cannot be withdrawn.
    """
    if actor is not None:
        require_ledger_reader(actor, now)
    with transaction.atomic():
        release.refresh_from_db(fields=["state"])
        if release.state not in LIVE_STATES:
            raise ReleaseStateError(
                "release_not_live",
                _("%s is not to be had, so there is nothing to withdraw.") % release,
                _("Rehearse with a published or deprecated release."),
            )
        rehearsed = _rehearsed(release, actor, now)
        data = {
            "people": rehearsed.told_count, "grants": rehearsed.grants_count, "links": rehearsed.links_count,
            **{one.name: one.count for one in rehearsed.stops},
        }  # fmt: skip
        record(audit_subject(release), "release_withdrawal_rehearsed", actor=actor, now=now, data=data)
    return rehearsed


def masked(email: str) -> str:
    """`a…@uni.example`: enough to see the institution."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}…{at}{domain}"


def _rehearsed(release: Release, actor: User | None, now: datetime) -> Rehearsal:
    people, grants = concerned(release, State.WITHDRAWN, now), _open_grants(release, now)
    links = Mint.objects.filter(artifact__release=release, expires_at__gt=now).order_by("-expires_at")
    show = str if _sees_addresses(actor, now) else masked
    return Rehearsal(
        release=release,
        at=now,
        told_count=people.count(),
        told=[Told(each.full_name, each.username, show(each.email)) for each in people[:MOST_NAMED]],
        grants_count=grants.count(),
        grants=[str(number) for number in grants.values_list("number", flat=True)[:MOST_NAMED]],
        links_count=links.count(),
        links_until=links.values_list("expires_at", flat=True).first(),
        stops=running(release, now),
        instead=releases_of(release.variant).filter(state__in=LIVE_STATES).exclude(pk=release.pk).first(),
    )


def _open_grants(release: Release, now: datetime) -> QuerySet[Grant]:
    variant = release.variant
    covering = Q(whole_family=True) | Q(variants=variant)
    lasting = Grant.objects.filter(state__in=LIVE_GRANTS, starts_at__lte=now, ends_at__gt=now)
    return lasting.filter(covering, family=variant.family_id).distinct().order_by("pk")


def _sees_addresses(actor: User | None, now: datetime) -> bool:
    if actor is None:
        return True
    return any(isinstance(decide(actor, action, Office(), now), Granted) for action in SEES_ADDRESSES)
