"""What becomes of grants when their holder closes the account: what was given stays, and names nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.queries import verified_addresses
from access_portal.grants.models import LIVE_STATES, Grant, GrantMember, Renewal, Stop, Transfer
from access_portal.privacy.section import Hold


def holds(user: User, now: datetime) -> Iterable[Hold]:
    """A right that lives needs somebody who answers for it, and a stop somebody whom it stops."""
    live = Grant.objects.filter(state__in=LIVE_STATES, ends_at__gt=now).order_by("pk")
    for grant in live.filter(holder=user):
        yield Hold(
            "grant_live",
            _("You hold grant %(number)s, and somebody has to answer for it.") % {"number": grant.number},
            _("Give it back first, and say what became of your copies. A lab can also be passed on."),
            reverse("grant", args=[grant.number]),
        )
    for grant in live.filter(pk__in=_places(user).filter(joined_at__isnull=False).values("grant")):
        yield Hold(
            "lab_member",
            _("You are a member of the lab “%(lab)s”.") % {"lab": grant.lab_name},
            _("Leave it first."),
            reverse("grant_members", args=[grant.number]),
        )
    if Stop.objects.filter(user=user, lifted_at=None).exists():
        yield Hold(
            "stopped",
            _("Everything of yours is stopped while something is looked into."),
            _("Write to us. When the stop is lifted, you can close the account."),
        )


def erase(user: User, now: datetime) -> None:
    """Take names, addresses and reports out; what was given, declared and decided is the licence's record."""
    invited = Q()
    for address in verified_addresses(user):
        invited |= Q(email__iexact=address)
    open_places = GrantMember.objects.filter(joined_at=None, removed_at=None).exclude(token_digest="")
    if invited:
        open_places.filter(invited).update(removed_at=now, removed_by=user, token_digest="")
        GrantMember.objects.filter(invited, joined_at=None).update(email="", name="")
    open_places.filter(grant__holder=user).update(removed_at=now, removed_by=user, token_digest="")
    theirs = Q(user=user) | Q(grant__holder=user)
    GrantMember.objects.filter(theirs).update(email="", name="", removed_reason="")
    Renewal.objects.filter(asked_by=user).update(outputs="", changes="")
    Transfer.objects.filter(asked_by=user).update(reason="")


def _places(user: User) -> QuerySet[GrantMember]:
    return GrantMember.objects.filter(user=user, removed_at=None)
