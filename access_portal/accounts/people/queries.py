"""What the office's pages about people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from access_portal.accounts.models import ApiToken, Role, User
from access_portal.accounts.queries import orcid_of
from access_portal.accounts.wording import EVENT_WORDS
from access_portal.applications.cockpit.distance import far_from
from access_portal.applications.models import Application, Conflict
from access_portal.audit.models import Event
from access_portal.errors import NotFoundError
from access_portal.grants.models import Grant, Stop
from access_portal.grants.queries import grants_of, labmates

LONGEST_SEARCH = 100
SHOWN = 50
FILTERS = ("all", "staff", "closed", *Role.values)


@dataclass(frozen=True)
class Facts:
    """What is known of an account beside its own row."""

    addresses: Sequence[EmailAddress]
    orcid: str
    has_second_factor: bool
    tokens: int
    roles: Sequence[Role]


@dataclass(frozen=True)
class Line:
    """One thing that happened to the account; `about` is the role that it concerned, where it did."""

    event: Event
    words: str
    about: str


def people(which: str, search: str) -> QuerySet[User]:
    """Accounts by user name, narrowed to one of `FILTERS` and to what somebody typed."""
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    found = User.objects.annotate(has_second_factor=Exists(factor)).prefetch_related("roles").order_by("username")
    if which == "staff":
        found = found.filter(roles__isnull=False).distinct()
    elif which == "closed":
        found = found.filter(is_active=False)
    elif which in Role.values:
        found = found.filter(roles__role=which)
    if search:
        by_address = EmailAddress.objects.filter(email__icontains=search).values("user")
        said = Q(username__icontains=search) | Q(full_name__icontains=search) | Q(email__icontains=search)
        found = found.filter(said | Q(pk__in=by_address))
    return found


def person_named(username: str) -> User:
    """Raises NotFoundError."""
    found = User.objects.filter(username=username).first()
    if found is None:
        raise NotFoundError("person_not_found", _("There is nobody with this user name."))
    return found


def facts_of(person: User, now: datetime) -> Facts:
    return Facts(
        addresses=list(EmailAddress.objects.filter(user=person).order_by("-primary", "email")),
        orcid=orcid_of(person),
        has_second_factor=Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists(),
        tokens=ApiToken.objects.filter(user=person, revoked_at=None, expires_at__gt=now).count(),
        roles=[role for role in Role if role in person.role_names],
    )


def is_near(person: User, reader: User) -> bool:
    """Whether the reader may not handle this person's matters: a lab they share, or a conflict declared."""
    domain = person.email.rpartition("@")[2].lower()
    declared = Conflict.objects.filter(user=reader, ended_at=None)
    about = Q(applicant=person) | Q(application__applicant=person) | Q(domain=domain)
    return person == reader or reader.pk in labmates(person.pk) or declared.filter(about).exists()


def cases_of(person: User, reader: User) -> QuerySet[Application]:
    """What this person applied for, without what the reader stands too near to; the newest first."""
    sent = Application.objects.filter(applicant=person, submitted_at__isnull=False)
    return far_from(reader, sent).select_related("family").defer("answers").order_by("-submitted_at", "-pk")[:SHOWN]


def grants_held(person: User) -> QuerySet[Grant]:
    return grants_of(person)[:SHOWN]


def stops_of(person: User) -> QuerySet[Stop]:
    """What stopped this person, the newest first, lifted ones too."""
    return Stop.objects.filter(user=person).select_related("by", "lifted_by").order_by("-at", "-pk")[:SHOWN]


def history_of(person: User) -> list[Line]:
    """What happened to the account, newest first."""
    events = Event.objects.filter(subject=f"user:{person.pk}").select_related("actor").order_by("-sequence")
    labels = dict(Role.choices)
    return [
        Line(event, str(EVENT_WORDS.get(event.name, event.name)), str(labels.get(event.data.get("role", ""), "")))
        for event in events[:SHOWN]
    ]
