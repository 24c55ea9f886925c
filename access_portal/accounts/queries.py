"""What the account pages read."""

from __future__ import annotations

from datetime import datetime

from django.db.models import BooleanField, Case, QuerySet, Value, When

from access_portal.accounts.models import ApiToken, User


def tokens_of(user: User, now: datetime) -> QuerySet[ApiToken]:
    """All tokens of a person, those that still work first; each says so in `works`."""
    alive = When(revoked_at=None, expires_at__gt=now, then=Value(True))
    works = Case(alive, default=Value(False), output_field=BooleanField())
    return ApiToken.objects.filter(user=user).annotate(works=works).order_by("-works", "-created_at", "-pk")
