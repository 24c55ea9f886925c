"""Who stands too near to a case to handle it."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.applications.models import Application, Conflict
from access_portal.grants.queries import labmates

# Answers that name somebody who vouches for the applicant.
VOUCHERS = ("supervisor_email", "referee_email")


def is_involved(application: Application, person: User) -> bool:
    """Whether a member of staff is of the applicant's lab, vouches for them, or has declared a conflict."""
    return (
        _has_declared(application, person)
        or application.applicant_id in labmates(person.pk)
        or _vouches(application, person)
    )


def _has_declared(application: Application, person: User) -> bool:
    domain = application.applicant.email.rpartition("@")[2].lower()
    about = Q(application=application) | Q(applicant_id=application.applicant_id) | Q(domain=domain)
    return Conflict.objects.filter(about, user=person, ended_at=None).exists()


def _vouches(application: Application, person: User) -> bool:
    named = {str(application.answers.get(question, "")).lower() for question in VOUCHERS} - {""}
    if not named:
        return False
    own = {person.email.lower(), *(mail.lower() for mail in _verified(person))}
    return not named.isdisjoint(own)


def _verified(person: User) -> list[str]:
    return list(EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True))
