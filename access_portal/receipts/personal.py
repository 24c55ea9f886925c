"""What the receipts hold on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.privacy.section import Section, held
from access_portal.receipts.models import Receipt


def data_of(user: User, now: datetime) -> Iterable[Section]:
    own = Receipt.objects.filter(Q(grant__holder=user) | Q(acceptance__user=user)).order_by("pk")
    yield Section(
        key="receipts",
        title=_("Signed receipts"),
        purpose=_("So that you can show to others what you were granted, without asking us."),
        kept_for=_("Until you close your account: the signed text has your user name in it."),
        seen_by=_("You, and the staff of the office."),
        held=(held("receipts", own, "jws", "key_id", "made_at", grant="grant__number", acceptance="acceptance_id"),),
    )


def erase(user: User, now: datetime) -> None:
    """The signed texts hold user names, those of a lab's members too; that there were receipts stays."""
    own = Q(grant__holder=user) | Q(acceptance__user=user) | Q(grant__members__user=user)
    Receipt.objects.filter(pk__in=Receipt.objects.filter(own).values("pk")).update(jws="")
