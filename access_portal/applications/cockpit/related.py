"""Other cases that help to judge one: of the same person, of the same institution, and answered ones like it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Coalesce

from access_portal.applications.cockpit.listing import sent
from access_portal.applications.evidence import DomainSign, domain_sign
from access_portal.applications.models import DECIDED_STATES, Application, State
from access_portal.applications.queue_lines import domain_of

MOST_SHOWN = 5


class Kind(StrEnum):
    """How another case is related."""

    OWN = "own"
    NEIGHBOUR = "neighbour"
    SIMILAR = "similar"


@dataclass(frozen=True)
class Other:
    """What is shown of another case."""

    kind: str
    pk: int
    number: str
    state: str
    username: str
    full_name: str
    family_name: str
    code: str  # of its refusal

    @property
    def who(self) -> str:
        return self.full_name or self.username

    @property
    def state_label(self) -> str:
        return str(State(self.state).label)


@dataclass(frozen=True)
class Related:
    """A few of each, the latest first."""

    domain: str
    domain_sign: DomainSign
    own: list[Other]
    neighbours: list[Other]  # others with an address at the same domain; none for free mail
    similar: list[Other]  # answered, of the same family and position


def related_to(application: Application, institution: str, position: str) -> Related:
    """Three short lists in one query; `institution` and `position` are answers of the last round."""
    domain = domain_of(application.applicant.email)
    sign = domain_sign(domain, institution)
    others = sent().exclude(applicant_id=application.applicant_id)
    like = others.filter(family_id=application.family_id, queue_line__position=position, state__in=DECIDED_STATES)
    parts = [_latest(sent().filter(applicant_id=application.applicant_id).exclude(pk=application.pk), Kind.OWN)]
    if sign is not DomainSign.FREE_MAIL:
        parts.append(_latest(others.filter(queue_line__domain=domain), Kind.NEIGHBOUR))
    parts.append(_latest(like, Kind.SIMILAR))
    found = sorted((Other(**row) for row in parts[0].union(*parts[1:], all=True)), key=lambda row: -row.pk)
    of = {kind: [row for row in found if row.kind == kind] for kind in Kind}
    return Related(domain, sign, of[Kind.OWN], of[Kind.NEIGHBOUR], of[Kind.SIMILAR])


def _latest(rows: QuerySet[Application], kind: Kind) -> QuerySet[Application, Any]:
    keys = rows.order_by("-submitted_at", "-pk").values("pk")[:MOST_SHOWN]
    found = Application.objects.filter(pk__in=keys).order_by()
    chosen: QuerySet[Application, Any] = found.annotate(
        kind=Value(kind.value, output_field=CharField()),
        username=F("applicant__username"),
        full_name=F("applicant__full_name"),
        family_name=F("family__name"),
        code=Coalesce(F("decision__code"), Value(""), output_field=CharField()),
    ).values("kind", "pk", "number", "state", "username", "full_name", "family_name", "code")
    return chosen
