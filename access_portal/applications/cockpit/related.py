"""Other cases that help to judge one: of the same person, of the same institution, and answered ones like it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from access_portal.applications.cockpit.listing import sent
from access_portal.applications.evidence import DomainSign, domain_sign
from access_portal.applications.models import DECIDED_STATES, Application
from access_portal.applications.queue_lines import domain_of

MOST_SHOWN = 5


@dataclass(frozen=True)
class Related:
    """A few of each, the latest first."""

    domain: str
    domain_sign: DomainSign
    own: list[Application]
    neighbours: list[Application]  # others with an address at the same domain; none for free mail
    similar: list[Application]  # answered, of the same family and position


def related_to(application: Application, institution: str, position: str) -> Related:
    """Three short lists that indexes serve; `institution` and `position` are answers of the last round."""
    domain = domain_of(application.applicant.email)
    sign = domain_sign(domain, institution)
    others = sent().exclude(applicant_id=application.applicant_id)
    like = others.filter(family_id=application.family_id, queue_line__position=position, state__in=DECIDED_STATES)
    return Related(
        domain,
        sign,
        own=_latest(sent().filter(applicant_id=application.applicant_id).exclude(pk=application.pk)),
        neighbours=[] if sign is DomainSign.FREE_MAIL else _latest(others.filter(queue_line__domain=domain)),
        similar=_latest(like),
    )


def _latest(rows: QuerySet[Application]) -> list[Application]:
    return list(
        rows.select_related("applicant", "family", "decision")
        .defer("answers")
        .order_by("-submitted_at", "-pk")[:MOST_SHOWN]
    )
