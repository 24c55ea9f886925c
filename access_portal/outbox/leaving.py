"""What becomes of mail when a person closes their account: nothing to them, and nothing about them, can be read."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.audit.models import Event
from access_portal.audit.subjects import subjects_of
from access_portal.grants.models import Grant
from access_portal.outbox.forgetting import NOBODY, forget_mails
from access_portal.outbox.models import OutboxMail


def erase(user: User, now: datetime) -> None:
    """Empty the mails to this person, all about their cases, and those about other matters that name them.

    Comes before the name and the addresses go: they are what is looked for.
    """
    acted = Event.objects.filter(actor=user).values("subject")
    forget_mails(OutboxMail.objects.filter(_about(user)), now)
    forget_mails(OutboxMail.objects.filter(about__in=acted).filter(_names(user)), now)
    forget_mails(OutboxMail.objects.filter(_to(user)), now)
    OutboxMail.objects.filter(user=user).update(to=NOBODY)


def _to(user: User) -> Q:
    addresses = {user.email, *EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)}
    found = Q(user=user)
    for address in addresses:
        found |= Q(user=None, to__iexact=address)
    return found


def _about(user: User) -> Q:
    cases = subjects_of(Application.objects.filter(applicant=user), "application")
    grants = subjects_of(Grant.objects.filter(holder=user), "grant")
    return Q(about=f"user:{user.pk}") | Q(about__in=cases) | Q(about__in=grants)


def _names(user: User) -> Q:
    """Mails to others in which this person acted, such as joining a lab."""
    found = Q()
    for word in filter(None, (user.full_name, user.email, user.username)):
        found |= Q(body__icontains=word) | Q(sealed_body__icontains=word) | Q(subject__icontains=word)
    return found
