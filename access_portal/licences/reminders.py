"""Reminders to accept a new licence text: 14 and 3 days before the time of grace ends, and at its end.

Only people are reminded who hold a live grant under the licence or have joined one, and who accepted an older text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants.models import LIVE_STATES, Grant
from access_portal.licences.models import LicenceAcceptance, LicenceVersion, ReconsentNotice
from access_portal.licences.queries import awaiting_consent
from access_portal.outbox.commands import queue_mail

Kind = ReconsentNotice.Kind
BEFORE_THE_END = {  # the most urgent first
    Kind.DUE: timedelta(0),
    Kind.LAST_DAYS: timedelta(days=3),
    Kind.FORTNIGHT: timedelta(days=14),
}


def remind_due(now: datetime) -> int:
    """Send the reminders that are due and return how many.

    A run that comes late sends the most urgent one alone, and none that was sent before; safe in many processes.
    """
    soon = LicenceVersion.objects.filter(reconsent_by__lte=now + max(BEFORE_THE_END.values())).select_related("licence")
    return sum(
        _remind(user, version, kind, now)
        for version in soon.defer("text").order_by("published_at", "pk")
        for kind in [_kind_due(version, now)]
        for user in _people(version, kind, now)
    )


def _kind_due(version: LicenceVersion, now: datetime) -> Kind:
    assert version.reconsent_by is not None
    end = version.reconsent_by
    return next(kind for kind, before in BEFORE_THE_END.items() if now >= end - before)


def _people(version: LicenceVersion, kind: Kind, now: datetime) -> Iterator[User]:
    """Those who still have to accept, without those who were told so already."""
    grants = Grant.objects.filter(
        licence_version__licence=version.licence_id, state__in=LIVE_STATES, ends_at__gt=now
    ).values("pk")
    theirs = Q(grants__in=grants) | Q(
        memberships__grant__in=grants, memberships__joined_at__isnull=False, memberships__removed_at__isnull=True
    )
    accepted = LicenceAcceptance.objects.filter(version__licence=version.licence_id)
    older = accepted.filter(version__published_at__lt=version.published_at)
    newer = accepted.filter(version__published_at__gte=version.published_at)
    told = ReconsentNotice.objects.filter(version=version, kind=kind)
    people = User.objects.filter(theirs, is_active=True, pk__in=older.values("user"))
    return (
        people.exclude(pk__in=newer.values("user")).exclude(pk__in=told.values("user")).distinct().order_by("pk")
    ).iterator()


def _remind(user: User, version: LicenceVersion, kind: Kind, now: datetime) -> bool:
    with transaction.atomic():
        _notice, is_first = ReconsentNotice.objects.get_or_create(
            user=user, version=version, kind=kind, defaults={"sent_at": now}
        )
        theirs = (row for row in awaiting_consent(user, now) if row.current.licence_id == version.licence_id)
        awaited = next(theirs, None)
        if not is_first or awaited is None:  # another process was faster, or they accepted it a moment ago
            return False
        data = {"version": version.pk, "kind": str(kind)}
        record(f"user:{user.pk}", "reconsent_reminded", actor=None, now=now, data=data)
        queue_mail(
            template="licence_reconsent",
            context={
                "version": version,
                "awaited": awaited,
                "is_overdue": kind == Kind.DUE,
                "path": reverse("licence_version", args=[awaited.current.pk]),
                "changes_path": f"{reverse('licence_changes', args=[awaited.current.pk])}?since={awaited.accepted.pk}",
            },
            user=user,
            now=now,
            about=f"licence:{version.licence.slug}",
        )
    return True
