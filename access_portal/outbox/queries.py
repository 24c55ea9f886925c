"""What pages read about mail."""

from __future__ import annotations

from django.db.models import QuerySet

from access_portal.accounts.models import User
from access_portal.outbox.models import OutboxMail


def mails_of(user: User) -> QuerySet[OutboxMail]:
    """Every mail written to a person, newest first."""
    return OutboxMail.objects.filter(user=user).order_by("-created_at", "-pk")
