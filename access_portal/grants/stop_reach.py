"""Whom and what a stop reaches: shown before it is made, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from access_portal.accounts.models import User
from access_portal.grants.models import LIVE_STATES, Grant, GrantMember, Stop
from access_portal.grants.stops import Target

Scope = Stop.Scope
RUNNING = ("validating", "in_progress", "finalizing")  # states of `inference_worker.Batch`, which lies above this room


@dataclass(frozen=True)
class Reach:
    """How many it touches; `names` are the first few of the people, for a second look before the button."""

    people: int
    grants: int
    batches: int
    names: list[str]


def reach(target: Target, now: datetime) -> Reach:
    """What stopping this would touch at `now`."""
    people = people_of(target, now)
    return Reach(
        people=people.count(),
        grants=grants_of(target, now).count(),
        batches=_running(target, now),
        names=[f"{person} ({person.username})" for person in people.order_by("pk")[:5]],
    )


def grants_of(target: Target, now: datetime) -> QuerySet[Grant]:
    """The grants alive at `now` that would give nothing any more."""
    live = Grant.objects.filter(state__in=LIVE_STATES, ends_at__gt=now)
    match target.scope:
        case Scope.PERSON:
            return live.filter(holder=target.user)
        case Scope.LAB:
            return live.filter(pk__in=[target.grant.pk] if target.grant else [])
        case Scope.FAMILY:
            return live.filter(family_id__in=[target.family_id] if target.family_id else [])
        case _:
            return live


def people_of(target: Target, now: datetime) -> QuerySet[User]:
    """Whoever it takes something from: the person, holders, members of labs."""
    grants = grants_of(target, now)
    places = GrantMember.objects.filter(grant__in=grants, joined_at__isnull=False, removed_at__isnull=True)
    concerned = Q(pk__in=grants.values("holder")) | Q(pk__in=places.values("user"))
    if target.user is not None:
        concerned |= Q(pk=target.user.pk)
    return User.objects.filter(concerned, is_active=True)


def _running(target: Target, now: datetime) -> int:
    """Batches under way, by their reverse relations: this room does not know those tables."""
    under = grants_of(target, now).filter(batches__state__in=RUNNING).values_list("batches", flat=True)
    if target.user is None:
        return under.distinct().count()
    own = User.objects.filter(pk=target.user.pk, batches__state__in=RUNNING).values_list("batches", flat=True)
    return under.union(own).count()
