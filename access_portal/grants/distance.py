"""Who stands too near to a holder to act for the office on what is theirs."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.conflicts import VOUCHERS
from access_portal.applications.models import Application, Conflict, Round
from access_portal.errors import PermissionRefusedError
from access_portal.grants.models import Grant
from access_portal.grants.queries import labmates


def is_near(grant: Grant, person: User) -> bool:
    """Whether a member of staff stands too near to the holder of this grant."""
    return person.pk in all_near(grant)


def all_near(grant: Grant) -> frozenset[int]:
    """The keys of everybody who does, whether or not they are staff."""
    return people_near(grant.holder)


def people_near(person: User) -> frozenset[int]:
    """The keys of whoever shares or shared a lab with them, vouched for them, or declared a conflict of interest."""
    about = Q(applicant=person) | Q(application__applicant=person)
    if domain := person.email.rpartition("@")[2].lower():  # empty in declarations about a person or a case
        about |= Q(domain=domain)
    declared = Conflict.objects.filter(about, ended_at=None).values_list("user_id", flat=True)
    return labmates(person.pk) | frozenset(declared) | _vouchers(person) - {person.pk}


def refuse_the_near(actor: User, person: User) -> None:
    """The policy lets staff stop things of people near to them; what gives or judges a right is for a colleague.

    Raises PermissionRefusedError.
    """
    if actor.pk in people_near(person):
        raise PermissionRefusedError(
            "conflict_of_interest",
            _("You stand too near to this case to judge it."),
            _("A colleague has to take it."),
        )


def _vouchers(person: User) -> frozenset[int]:
    """Whom their applications named, as the accounts that have one of these addresses."""
    keys = [f"answers__{question}" for question in VOUCHERS]
    rows = [
        *Round.objects.filter(application__applicant=person).values_list(*keys),
        *Application.objects.filter(applicant=person).values_list(*keys),
    ]
    named = {str(address).strip().lower() for row in rows for address in row if address}
    if not named:
        return frozenset()
    proven = EmailAddress.objects.filter(verified=True, email__in=named).values_list("user_id", flat=True)
    own = User.objects.alias(address=Lower("email")).filter(address__in=named).values_list("pk", flat=True)
    return frozenset([*proven, *own])
