"""What pages read about references."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from access_portal.applications.models import Application, Round
from access_portal.references.commands import is_needed
from access_portal.references.letters import digest
from access_portal.references.models import Letter, Reference


@dataclass(frozen=True)
class Standing:
    """One reference as a page shows it."""

    reference: Reference
    status: Reference.Status
    can_ask: bool
    purpose_changed: bool  # since they answered


def reference_of_link(secret: str) -> Reference | None:
    """Whom the link was sent to, whatever became of the question."""
    letters = Letter.objects.select_related("reference__application__applicant", "reference__application__family")
    letter = letters.filter(digest=digest(secret)).first()
    return letter.reference if letter else None


def sent_answers(application: Application) -> dict[str, Any]:
    """What was sent last; `application.answers` may hold what the applicant is just writing."""
    latest = Round.objects.filter(application=application).order_by("-number").first()
    return dict(latest.answers) if latest else {}


def standings_of(application: Application, now: datetime) -> list[Standing]:
    """Everybody who was named in this application, in the order of their naming."""
    rows = list(Reference.objects.filter(application=application))
    purposes = _purposes(application) if any(row.answered_at for row in rows) else {}
    for row in rows:
        row.application = application  # saves a query for each
    return [_standing(row, purposes, now) for row in rows]


def _standing(row: Reference, purposes: dict[int, Any], now: datetime) -> Standing:
    latest = purposes.get(row.application.rounds)
    changed = row.answered_at is not None and purposes.get(row.answered_round or 0) != latest
    return Standing(row, row.status(now), row.answered_at is None and is_needed(row), changed)


def _purposes(application: Application) -> dict[int, Any]:
    rounds = Round.objects.filter(application=application).values_list("number", "answers__purpose")
    return dict(rounds)
