"""Applications in every state and the people around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.applications.terms import Terms
from access_portal.licences.commands import publish_version
from access_portal.licences.models import LicenceVersion
from release.models import Family
from tests.factories import make_acceptance, make_family, make_licence_version, make_user, make_variant

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
_numbers = count(90_001)

ANSWERS: dict[str, Any] = {
    "institution": "Example University",
    "country": "Malaysia",
    "position": "faculty",
    "supervisor_name": "",
    "supervisor_email": "",
    "orcid": "0000-0002-1825-0097",
    "web_page": "https://uni.example/ada",
    "sizes": ["1m"],
    "purpose": "We study how small models learn to agree in number, layer by layer, and where it goes wrong. " * 2
    + "The weights are needed to look inside.",
    "sharing": "A paper and the code, both open.",
    "human_data": "no",
    "ethics": "",
    "needs_download": True,
    "needs_inference": True,
    "estimated_tokens": 250_000,
}

TERMS = Terms(
    duration_months=6, token_quota=250_000, may_download=True, may_infer=True, variants=("1m",), reason="Sound work."
)
REFUSAL: dict[str, Any] = {
    "code": "purpose_unclear",
    "text": "We could not see from this what the model is needed for.",
    "may_reapply": True,
    "what_to_change": "Describe the method.",
}


def make_open_family(slug: str = "toy") -> Family:
    """A family with one size, 1m, and a licence."""
    family = make_family(slug, make_licence_version())
    make_variant(family, "1m")
    return family


def make_application(
    applicant: User, family: Family, state: State = State.SUBMITTED, *, holder: User | None = None, **fields: Any
) -> Application:
    """A row in this state, as if it had come there an hour ago."""
    version = family.weights_licence.versions.latest("published_at")
    values: dict[str, Any] = {"number": f"GH-2026-{next(_numbers)}", "answers": ANSWERS, "submitted_at": NOW - 2 * HOUR}
    if state == State.IN_REVIEW:
        values |= {"claimed_by": holder or make_user("grace", Role.REVIEWER), "claimed_at": NOW - HOUR}
    if state in (State.APPROVED, State.REFUSED):
        decider = holder or make_user("grace", Role.DECIDER)
        values |= {"decided_by": decider, "decided_at": NOW - HOUR, "decision_text": "For these reasons. " * 3}
        values |= {"decision_code": "approved" if state == State.APPROVED else "other"}
    if state == State.REFUSED:
        values |= {"may_reapply": True, "what_to_change": "The method."}
    acceptance = make_acceptance(applicant, version)
    values |= {"applicant": applicant, "family": family, "state": state, "acceptance": acceptance}
    return Application.objects.create(**{**values, **fields})


def make_staff(name: str, *roles: Role) -> User:
    """Somebody who can open staff pages: with a second factor."""
    user = make_user(name, *roles)
    TOTP.activate(user, generate_totp_secret())
    return user


def submit(actor: User, family: Family, module: Any = commands, **changes: Any) -> Application:
    """Apply with good answers, having read the current licence."""
    version = family.weights_licence.versions.latest("published_at")
    values = {"licence_version_id": version.pk, "shown_sha256": version.sha256, "answers": ANSWERS, "now": NOW}
    made: Application = module.submit_application(actor=actor, family=family, **{**values, **changes})
    return made


def replace_licence(family: Family, text: str = "Be better.") -> LicenceVersion:
    """A newer text takes the place of the family's licence."""
    return publish_version(
        licence=family.weights_licence, number="1.1", text=text, summary=[], actor=None, now=timezone.now()
    )
