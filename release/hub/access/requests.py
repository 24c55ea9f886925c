"""Who asks for a model, who has it, who was refused: one request for each person, read from their cases and grants.

The Hub knows requests of three kinds. Here a person applies once for a family, is answered, and may hold a right that
has a life of its own; so a request is whichever of the two speaks for the person now. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.applications.workflow import DECIDED_STATES, REFUSED_STATES, STAFF_STATES, State
from access_portal.grants.models import LIVE_STATES, Grant, Revocation
from access_portal.grants.queries import TOLD
from release.models import Variant

OPEN = (*STAFF_STATES, State.INFO_REQUESTED, State.APPEALED)


class Status(StrEnum):
    """The three of the Hub protocol."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class AccessRequest:
    """What stands for one person: their grant, or else their case."""

    status: Status
    person: User
    application: Application | None
    grant: Grant | None

    @property
    def key(self) -> str:
        """The same through the life of a request: the number of the case, or of a grant that came of none."""
        return str(self.application.number if self.application is not None else self.grant and self.grant.number)

    @property
    def at(self) -> datetime:
        """When it was asked; a grant that came of no case, from when it holds."""
        asked = None if self.application is None else self.application.submitted_at
        if asked is None:
            assert self.grant is not None
            return self.grant.starts_at
        return asked


def by_application(variant: Variant, status: Status, now: datetime) -> QuerySet[Application]:
    """Cases that speak for their applicants: those who hold a grant for this model are not among them."""
    holding = _standing(variant, now).filter(holder=OuterRef("applicant"))
    asks = Q(answers__sizes__icontains=f'"{variant.slug}"') | Q(answers__sizes__isnull=True)
    sent = Application.objects.filter(asks, family_id=variant.family_id, submitted_at__isnull=False)
    rows = sent.filter(~Exists(holding)).select_related("applicant", "family", "queue_line").order_by("pk")
    untold = Q(undo_until__gt=now)  # what can still be undone was not said yet
    if status == Status.PENDING:
        return rows.filter(Q(state__in=OPEN) | (untold & Q(state__in=DECIDED_STATES)))
    if status == Status.REJECTED:
        theirs = Application.objects.filter(applicant=OuterRef("applicant"), family=OuterRef("family"))
        later = theirs.filter(submitted_at__isnull=False, pk__gt=OuterRef("pk"))
        return rows.filter(~Exists(later), state__in=REFUSED_STATES).exclude(untold)
    return rows.none()


def by_grant(variant: Variant, status: Status, now: datetime) -> QuerySet[Grant]:
    """Grants that speak for their holders: those that live, and those that were revoked and are the last word."""
    standing = _standing(variant, now)
    if status == Status.ACCEPTED:
        found = standing.filter(state=Grant.State.ACTIVE)
    elif status == Status.PENDING:
        found = standing.filter(~Exists(_revoked_at_once()), state=Grant.State.SUSPENDED)
    else:
        found = standing.filter(Exists(_revoked_at_once()), state=Grant.State.SUSPENDED) | _revoked(variant, now)
    return found.select_related("holder", "application__queue_line", "family").order_by("pk")


def requests(variant: Variant, status: Status, now: datetime) -> Iterator[AccessRequest]:
    """All of them; each person is in one list at most."""
    for application in by_application(variant, status, now).iterator(chunk_size=500):
        yield of_application(application, status)
    for grant in by_grant(variant, status, now).iterator(chunk_size=500):
        yield of_grant(grant, status)


def request_of(person: User, variant: Variant, now: datetime) -> AccessRequest | None:
    """What stands for this person now, if anything does."""
    for status in Status:
        grant = by_grant(variant, status, now).filter(holder=person).last()
        if grant is not None:
            return of_grant(grant, status)
    for status in Status:
        application = by_application(variant, status, now).filter(applicant=person).last()
        if application is not None:
            return of_application(application, status)
    return None


def request_with(key: str, variant: Variant, now: datetime) -> AccessRequest | None:
    """The same by its key; None as well where something newer stands for the person."""
    about = Q(applications__number=key, applications__family=variant.family_id)
    about |= Q(grants__number=key, grants__family=variant.family_id)
    person = User.objects.filter(about).first()
    found = None if person is None else request_of(person, variant, now)
    return found if found is not None and found.key == key else None


def of_application(application: Application, status: Status) -> AccessRequest:
    return AccessRequest(status, application.applicant, application, None)


def of_grant(grant: Grant, status: Status) -> AccessRequest:
    return AccessRequest(status, grant.holder, grant.application, grant)


def _standing(variant: Variant, now: datetime) -> QuerySet[Grant]:
    """Those that live and give the files of this model, stopped for a time or not."""
    return _covering(variant).filter(state__in=LIVE_STATES, ends_at__gt=now)


def _covering(variant: Variant) -> QuerySet[Grant]:
    named = Grant.variants.through.objects.filter(variant=variant).values("grant")
    reach = Q(whole_family=True) | Q(pk__in=named)
    return Grant.objects.filter(TOLD, reach, family_id=variant.family_id, may_download=True)


def _revoked_at_once() -> QuerySet[Revocation]:
    """That waits for a second person: until then access is stopped, and not to be had back by one alone."""
    unanswered = Revocation.objects.filter(ratified_at=None, declined_at=None, lapsed_at=None)
    return unanswered.filter(grant=OuterRef("pk"), emergency=True)


def _revoked(variant: Variant, now: datetime) -> QuerySet[Grant]:
    theirs = Grant.objects.filter(holder=OuterRef("holder"), family=OuterRef("family"))
    newer = theirs.filter(pk__gt=OuterRef("pk")).exclude(state=Grant.State.UNDONE)
    asked_again = Application.objects.filter(
        applicant=OuterRef("holder"), family=OuterRef("family"), submitted_at__gt=OuterRef("state_changed_at")
    )
    return _covering(variant).filter(~Exists(newer), ~Exists(asked_again), state=Grant.State.REVOKED)
