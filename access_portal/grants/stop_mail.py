"""The mails about stops, in slices by the clock: a stop itself never waits for thousands of letters."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from access_portal.accounts.models import User
from access_portal.grants.models import Stop, StopNotice
from access_portal.grants.stop_reach import people_of
from access_portal.grants.stops import Target
from access_portal.outbox.commands import queue_mail

SLICE = 100  # mails of one stop in one tick
Kind = StopNotice.Kind


def tell_due(now: datetime) -> int:
    """Tell the next people of each stop, and of each lifting; returns how many mails were queued.

    Safe in many processes at once: each stop is locked, and a notice is unique.
    """
    due = Stop.objects.filter(Q(told_at__isnull=True) | Q(lifted_at__isnull=False, lift_told_at__isnull=True))
    return sum(_tell(pk, now) for pk in due.order_by("pk").values_list("pk", flat=True))


def _tell(pk: int, now: datetime) -> int:
    with transaction.atomic():
        stops = Stop.objects.select_for_update(of=("self",), skip_locked=True).select_related("user", "grant", "family")
        stop = stops.filter(pk=pk).first()
        if stop is None:  # another process is at it
            return 0
        if stop.lifted_at is None:
            return _slice(stop, Kind.STOPPED, _concerned(stop), "told_at", now)
        stop.told_at = stop.told_at or now  # whoever was not told yet need not hear of what is over
        return _slice(stop, Kind.LIFTED, _told(stop), "lift_told_at", now)


def _slice(stop: Stop, kind: StopNotice.Kind, people: QuerySet[User], done: str, now: datetime) -> int:
    told = StopNotice.objects.filter(stop=stop, kind=kind).values("user")
    left = list(people.exclude(pk__in=told).order_by("pk")[:SLICE])
    for person in left:
        StopNotice.objects.create(stop=stop, user=person, kind=kind, at=now)
        queue_mail(
            template=f"stop_{'made' if kind == Kind.STOPPED else 'lifted'}",
            context={"stop": stop, "is_theirs": stop.user_id == person.pk},
            user=person,
            now=now,
            about=stop.subject,
        )
    if len(left) < SLICE:
        setattr(stop, done, now)
    stop.save(update_fields=["told_at", "lift_told_at"])
    return len(left)


def _concerned(stop: Stop) -> QuerySet[User]:
    return people_of(Target(Stop.Scope(stop.scope), stop.user, stop.grant, stop.family_id), stop.at)


def _told(stop: Stop) -> QuerySet[User]:
    return User.objects.filter(pk__in=StopNotice.objects.filter(stop=stop, kind=Kind.STOPPED).values("user"))
