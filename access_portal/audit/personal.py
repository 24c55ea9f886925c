"""What the event log holds on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.disclosure import CAN_BE_UNDONE
from access_portal.applications.models import Application
from access_portal.applications.wording import INTERNAL as INTERNAL_TO_CASES
from access_portal.audit.models import Event
from access_portal.audit.subjects import subjects_of
from access_portal.grants.models import Grant
from access_portal.grants.wording import INTERNAL as INTERNAL_TO_GRANTS
from access_portal.privacy.section import Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="events",
        title=_("What happened, and when"),
        purpose=_("So that nobody, the operators included, can change afterwards what was done here and by whom."),
        kept_for=_(
            "For as long as the house exists: each line is chained to the one before. No line holds a name, an address "
            "or what somebody wrote, and yours point to a pseudonym once you have closed your account."
        ),
        seen_by=_("You see those of your own cases; auditors see all."),
        held=(held("events", _events(user, now), "subject", "name", "at", "by_you"),),
        left_out=_("Which member of staff it was, and how the office works among itself."),
    )


def _events(user: User, now: datetime) -> QuerySet[Event]:
    cases = Application.objects.filter(applicant=user)
    grants = Grant.objects.filter(holder=user).exclude(state=Grant.State.UNDONE)
    untold = cases.filter(undo_until__gt=now)
    about_cases = Q(subject__in=subjects_of(cases, "application")) & ~Q(name__in=INTERNAL_TO_CASES)
    about_grants = Q(subject__in=subjects_of(grants, "grant")) & ~Q(name__in=INTERNAL_TO_GRANTS)
    can_be_undone = Q(subject__in=subjects_of(untold, "application"), name__in=CAN_BE_UNDONE)
    given = Q(subject__in=subjects_of(grants.filter(application__undo_until__gt=now), "grant"))
    others = (about_cases & ~can_be_undone) | (about_grants & ~given) | Q(subject=f"user:{user.pk}")
    mine = Case(When(actor=user, then=Value(True)), default=Value(False), output_field=BooleanField())
    return Event.objects.filter(Q(actor=user) | others).annotate(by_you=mine).order_by("pk")
