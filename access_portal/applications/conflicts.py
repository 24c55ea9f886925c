"""Who stands too near to a case to handle it."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Exists, Q, QuerySet
from django.db.models.functions import Lower

from access_portal.accounts.models import User
from access_portal.applications.models import Application, Conflict, State
from access_portal.grants.queries import shared_labs

# Answers that name somebody who vouches for the applicant.
VOUCHERS = ("supervisor_email", "referee_email")


def is_involved(application: Application, person: User) -> bool:
    """Whether a member of staff is of the applicant's lab, vouches for them, or has declared a conflict."""
    named = _named(application)
    if person.email.lower() in named:
        return True
    labs = shared_labs(person.pk, application.applicant_id)
    reasons = Exists(_declared(application, person)) | Exists(labs) | Exists(_proven(person, named))
    return User.objects.filter(reasons, pk=person.pk).exists()


def _declared(application: Application, person: User) -> QuerySet[Conflict]:
    about = Q(application=application) | Q(applicant_id=application.applicant_id)
    domain = application.applicant.email.rpartition("@")[2].lower()
    if domain:  # an account without an address is not of the domain that a declaration leaves empty
        about |= Q(domain=domain)
    return Conflict.objects.filter(about, user=person, ended_at=None)


def _named(application: Application) -> set[str]:
    """Whoever was named in any round stays too near, though the applicant names somebody else now."""
    answers = [application.answers.get(question) for question in VOUCHERS]
    if application.rounds > 1 or application.state == State.INFO_REQUESTED:  # else nothing else was ever sent
        answers += [sent.answers.get(question) for sent in application.kept_rounds for question in VOUCHERS]
    return {str(answer).strip().lower() for answer in answers if answer} - {""}


def _proven(person: User, addresses: set[str]) -> QuerySet[EmailAddress]:
    """Those of these addresses that are shown to be the person's."""
    proven = EmailAddress.objects.filter(user=person, verified=True).alias(plain=Lower("email"))
    found: QuerySet[EmailAddress] = proven.filter(plain__in=addresses)
    return found
