"""What pages, and the access policy, read about grants."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from access_portal.accounts.models import User
from access_portal.grants.models import Grant, GrantMember

# What an approval gives begins when its mail leaves: until then it can be undone, and was never said.
TOLD = ~Q(state=Grant.State.UNDONE) & (Q(application__isnull=True) | Q(starts_at__lte=Now()))


def was_told(grant: Grant, now: datetime) -> bool:
    """`TOLD` of one grant at `now`."""
    return grant.state != Grant.State.UNDONE and (grant.application_id is None or grant.starts_at <= now)


def grants_of(user: User) -> QuerySet[Grant]:
    """All grants of a person, newest first, with what a page shows of each."""
    return (
        Grant.objects.filter(TOLD, holder=user)
        .select_related("family", "licence_version__licence", "application")
        .prefetch_related("variants")
        .order_by("-starts_at", "-pk")
    )


def rights_of(user: User, family_id: int | None = None) -> QuerySet[Grant]:
    """The grants that may open a door for this person, as holder or as joined member, whatever their state is now.

    Newest first, and only those that were announced.
    """
    places = GrantMember.objects.filter(user=user, joined_at__isnull=False, removed_at__isnull=True)
    grants = Grant.objects.filter(Q(holder=user) | Q(kind=Grant.Kind.LAB, pk__in=places.values("grant")))
    if family_id is not None:
        grants = grants.filter(family_id=family_id)
    return grants.filter(TOLD).select_related("holder").order_by("-starts_at", "-pk")


def shared_labs(one: int, other: int) -> QuerySet[Grant]:
    """The lab grants that two people share or shared, whatever became of them."""
    labs = Grant.objects.filter(kind=Grant.Kind.LAB)
    for person in (one, other):
        places = GrantMember.objects.filter(grant=OuterRef("pk"), user=person)
        labs = labs.filter(Q(holder=person) | Exists(places))
    return labs


def labmates(user_id: int) -> frozenset[int]:
    """Whoever shares or shared a lab grant with this person, whatever became of it; not the person."""
    theirs = Grant.objects.filter(Q(holder=user_id) | Q(members__user=user_id), kind=Grant.Kind.LAB)
    labs = list(theirs.order_by().values_list("pk", flat=True).distinct())
    holders = Grant.objects.filter(pk__in=labs).values_list("holder_id", flat=True)
    joined = GrantMember.objects.filter(grant__in=labs, user__isnull=False).values_list("user_id", flat=True)
    return frozenset([*holders, *joined]) - {user_id}
