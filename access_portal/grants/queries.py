"""What pages read about grants."""

from __future__ import annotations

from django.db.models import QuerySet

from access_portal.accounts.models import User
from access_portal.grants.models import Grant


def grants_of(user: User) -> QuerySet[Grant]:
    """All grants of a person, newest first, with what a page shows of each."""
    return (
        Grant.objects.filter(holder=user)
        .select_related("family", "licence_version__licence", "application")
        .prefetch_related("variants")
        .order_by("-starts_at", "-pk")
    )
