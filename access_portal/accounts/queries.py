"""What the account pages read."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db.models import BooleanField, Case, QuerySet, Value, When

from access_portal.accounts.models import ApiToken, User


def tokens_of(user: User, now: datetime) -> QuerySet[ApiToken]:
    """All tokens of a person, those that still work first; each says so in `works`."""
    alive = When(revoked_at=None, expires_at__gt=now, then=Value(True))
    works = Case(alive, default=Value(False), output_field=BooleanField())
    return ApiToken.objects.filter(user=user).annotate(works=works).order_by("-works", "-created_at", "-pk")


def verified_addresses(user: User) -> list[str]:
    """Every address at which this person has shown to read mail, the main one first."""
    rows = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
    return list(rows.values_list("email", flat=True))


def orcid_of(user: User) -> str:
    """The ORCID iD with which this person has signed in at ORCID, empty if none."""
    linked = SocialAccount.objects.filter(user=user, provider="orcid").order_by("pk").first()
    return str(linked.uid) if linked else ""


def is_orcid_of_other(orcid: str, user: User) -> bool:
    """Whether the iD is proven to be somebody else's."""
    return bool(SocialAccount.objects.filter(provider="orcid", uid=orcid).exclude(user=user).exists())
