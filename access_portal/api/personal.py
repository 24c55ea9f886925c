"""What the API holds on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.api.models import AnsweredRequest
from access_portal.applications.models import Application
from access_portal.privacy.section import Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="api",
        title=_("Requests of your programs"),
        purpose=_("So that a request sent twice is done once."),
        kept_for=_("For 24 hours."),
        seen_by=_("Nobody."),
        held=(held("answered_requests", AnsweredRequest.objects.filter(user=user).order_by("pk"), "key", "at"),),
        left_out=_("The answers themselves: they are copies of what stands in the other parts."),
    )


def erase(user: User, now: datetime) -> None:
    """Answers to this person, and those to staff that hold one of their cases."""
    numbers = list(Application.objects.filter(applicant=user).values_list("number", flat=True))
    AnsweredRequest.objects.filter(Q(user=user) | Q(answer__number__in=numbers)).delete()
