"""Who stands too near to a grant to act on it for the office."""

from __future__ import annotations

from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.applications.models import Conflict
from access_portal.grants.models import Grant
from access_portal.grants.queries import labmates


def is_near(grant: Grant, person: User) -> bool:
    """Whether a member of staff shares a lab with the holder, or has declared a conflict of interest."""
    return person.pk in labmates(grant.holder_id) or _has_declared(grant, person)


def _has_declared(grant: Grant, person: User) -> bool:
    domain = grant.holder.email.rpartition("@")[2].lower()
    about = Q(applicant=grant.holder_id) | Q(application__applicant=grant.holder_id) | Q(domain=domain)
    return Conflict.objects.filter(about, user=person, ended_at=None).exists()
