"""Leaves out of a list the cases that a person may not handle; the gate of each command says it again."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from access_portal.accounts.models import User
from access_portal.applications.models import Application, Conflict
from access_portal.grants.queries import labmates


def far_from(person: User, rows: QuerySet[Application]) -> QuerySet[Application]:
    """Without the person's own cases, their lab's, and those of a declared conflict."""
    return rows.exclude(near_to(person))


def near_to(person: User) -> Q:
    """The condition for the cases that `far_from` leaves out."""
    near = Q(applicant=person) | Q(applicant__in=labmates(person.pk))
    for conflict in Conflict.objects.filter(user=person, ended_at=None):
        if conflict.application_id:
            near |= Q(pk=conflict.application_id)
        if conflict.applicant_id:
            near |= Q(applicant_id=conflict.applicant_id)
        if conflict.domain:
            near |= Q(applicant__email__iendswith=f"@{conflict.domain}")
    return near
