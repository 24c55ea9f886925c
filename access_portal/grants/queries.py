"""What pages, and the access policy, read about grants."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from access_portal.accounts.models import User
from access_portal.grants.models import Grant, GrantMember

# What an approval gives begins when its mail leaves: until then it can be undone, and was never said.
TOLD = ~Q(state=Grant.State.UNDONE) & (Q(application__isnull=True) | Q(starts_at__lte=Now()))


# The grants that open doors for one person, given twice; a place in a lab has its person once they joined. As SQL, as
# every link and every line asks it: Django takes five times as long to write this as the database to answer.
OPENING = """
SELECT id FROM grants_grant WHERE holder_id = %s OR (kind = 'lab' AND id IN (
    SELECT grant_id FROM grants_grantmember WHERE user_id = %s AND removed_at IS NULL
))
"""
RIGHTS = f"SELECT * FROM grants_grant WHERE id IN ({OPENING}) ORDER BY starts_at DESC, id DESC"  # noqa: S608


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


def rights_of(user: User) -> QuerySet[Grant]:
    """The grants that may open a door for this person, as holder or as joined member, whatever their state is now.

    Newest first, and only those that were announced.
    """
    opening = RawSQL(OPENING, [user.pk, user.pk])  # noqa: S611 - a constant
    return Grant.objects.filter(TOLD, pk__in=opening).select_related("holder").order_by("-starts_at", "-pk")


def rights_at(user: User, now: datetime) -> list[Grant]:
    """`rights_of` as of `now`, for the access policy."""
    grants = [grant for grant in Grant.objects.raw(RIGHTS, [user.pk, user.pk]) if was_told(grant, now)]
    for grant in grants:
        if grant.holder_id == user.pk:
            grant.holder = user
    return grants


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
