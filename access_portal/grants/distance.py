"""Who stands too near to a grant to act on it for the office."""

from __future__ import annotations

from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.applications.models import Conflict
from access_portal.grants.models import Grant
from access_portal.grants.queries import labmates


def is_near(grant: Grant, person: User) -> bool:
    """Whether a member of staff shares or shared a lab with the holder, or has declared a conflict of interest."""
    return person.pk in all_near(grant)


def all_near(grant: Grant) -> frozenset[int]:
    """The keys of everybody who is, whether or not they are staff."""
    domain = grant.holder.email.rpartition("@")[2].lower()
    about = Q(applicant=grant.holder_id) | Q(application__applicant=grant.holder_id) | Q(domain=domain)
    declared = Conflict.objects.filter(about, ended_at=None).values_list("user_id", flat=True)
    return labmates(grant.holder_id) | frozenset(declared)
