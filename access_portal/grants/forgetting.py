"""Invitations that nobody followed name people who never came here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from access_portal.grants.models import GrantMember
from access_portal.grants.standing import INVITATION_LASTS
from access_portal.privacy.section import Due

INVITATIONS_FOR = timedelta(days=30)  # after the link ended
SLICE = 1000  # rows of one run; the next run takes the next ones


def invitations_due(now: datetime) -> Due:
    rows = _old(now)
    found = rows.values_list("grant__number", "invited_at")[:5]
    return Due(rows.count(), [f"{number}, {at:%Y-%m-%d}" for number, at in found])


def forget_invitations_due(now: datetime) -> int:
    """Forget whom they were for; that somebody was invited stays. Returns how many."""
    keys = list(_old(now).values_list("pk", flat=True)[:SLICE])
    return GrantMember.objects.filter(pk__in=keys, joined_at=None).update(email="", name="", token_digest="")


def _old(now: datetime) -> QuerySet[GrantMember]:
    never_came = GrantMember.objects.filter(joined_at=None, invited_at__lte=now - INVITATION_LASTS - INVITATIONS_FOR)
    return never_came.exclude(email="", name="").order_by("invited_at", "pk")
