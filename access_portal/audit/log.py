"""What auditors read in the event log: the events, with filters, and whether a chain is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.applications.cockpit.distance import near_to
from access_portal.applications.models import Application
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.grants.models import Grant

MOST_EXPORTED = 50_000
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}")  # a number, a state, a time, a hash: not a sentence
WORDS = ("name", "lab_name", "filename", "orcid", "address", "email", "reason", "text")  # of people, even if one word


@dataclass(frozen=True)
class Asked:
    """What somebody looks for; an empty field asks for anything."""

    subject: str = ""
    name: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Chain:
    """The chain of one subject; `broken` is the first event that does not fit."""

    subject: str
    length: int
    broken: Event | None


def events(asked: Asked, reader: User) -> QuerySet[Event]:
    """The newest first; without the chains of cases and grants that are the reader's own or too near to them."""
    found = Event.objects.exclude(subject__in=chains_near(reader)).select_related("actor").order_by("-at", "-pk")
    if asked.subject:
        exact = Q(subject=asked.subject)
        found = found.filter(exact if ":" in asked.subject else Q(subject__endswith=f":{asked.subject}"))
    if asked.name:
        found = found.filter(name__startswith=asked.name)
    if asked.actor:
        found = found.filter(actor__username=asked.actor)
    if asked.since:
        found = found.filter(at__gte=_begin(asked.since))
    if asked.until:
        found = found.filter(at__lt=_begin(asked.until + timedelta(days=1)))
    return found


def chains_near(reader: User) -> set[str]:
    """Subjects that this reader may not look into: what is written there is not meant for those whom it is about."""
    cases = Application.objects.filter(near_to(reader), number__isnull=False)
    grants = Grant.objects.filter(Q(holder=reader) | Q(members__user=reader) | Q(application__in=cases))
    found = {f"application:{number}" for number in cases.values_list("number", flat=True)}
    return found | {f"grant:{number}" for number in grants.values_list("number", flat=True) if number}


def chain_of(subject: str, reader: User) -> Chain | None:
    """Checks a whole chain; None where there is none that the reader may look into."""
    length = Event.objects.filter(subject=subject).exclude(subject__in=chains_near(reader)).count()
    return Chain(subject, length, first_broken(subject)) if length else None


def facts_of(event: Event) -> dict[str, object]:
    """What an event says beside its name, without anything that people wrote."""
    return {key: _flat(value) for key, value in event.data.items() if key not in WORDS and _is_code(value)}


def rows(found: QuerySet[Event]) -> Iterator[list[object]]:
    """For a file, the newest `MOST_EXPORTED`."""
    for event in found[:MOST_EXPORTED].iterator(chunk_size=2000):
        facts = ";".join(f"{key}={value}" for key, value in facts_of(event).items())
        actor = event.actor.username if event.actor else ""
        yield [event.at.isoformat(), event.subject, event.sequence, event.name, actor, facts, event.hash]


def _flat(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _is_code(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_code, value))
    return value is None or isinstance(value, int) or (isinstance(value, str) and bool(CODE.fullmatch(value)))


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
