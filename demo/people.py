"""The people of the demonstration: who they are, what they may do, and how they sign in."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from access_portal.accounts.commands import create_person, give_role
from access_portal.accounts.models import Role, Scope, User
from access_portal.accounts.tokens import issue_token
from access_portal.applications import commands
from access_portal.applications.families import family_with_slug
from access_portal.applications.terms import Terms
from access_portal.licences.queries import current_version
from demo.catalogue import FAMILY

TINY_QUOTA_TOKENS = 120
RESEARCHER_QUOTA_TOKENS = 2_000_000


@dataclass(frozen=True)
class Part:
    """One person of the cast; `quota` is set for those who hold a grant."""

    title: str
    username: str
    full_name: str
    roles: tuple[Role, ...] = ()
    quota: int | None = None


CAST = (
    Part("release_owner", "rosa", "Rosa Releases", (Role.RELEASE_MANAGER,)),
    Part("office_administrator", "ola", "Ola Office", (Role.ADMIN, Role.OPERATOR)),
    Part("reviewer", "ben", "Ben Reviewer", (Role.REVIEWER, Role.DECIDER)),
    Part("researcher", "ada", "Ada Approved", quota=RESEARCHER_QUOTA_TOKENS),
    Part("applicant", "cy", "Cy Curious"),
    Part("researcher_with_tiny_quota", "tia", "Tia Tokens", quota=TINY_QUOTA_TOKENS),
)

ANSWERS = {
    "institution": "University of Example",
    "country": "Malaysia",
    "position": "postdoc",
    "sizes": ["5m"],
    "purpose": "We study how small language models trained on nineteenth-century prose keep to the grammar of their "
    "time, and compare their continuations with those of larger models.",
    "sharing": "A paper and all code, under an open licence; no adapted weights.",
    "human_data": "no",
    "needs_download": True,
    "needs_inference": True,
    "estimated_tokens": 100_000,
}

CHECKED = ("identity", "institution", "purpose", "sharing", "people")  # the checklist of the house form


def make(part: Part, now: datetime) -> dict[str, Any]:
    """Make this person and return how they sign in; to be called once for each."""
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        user = create_person(
            username=part.username,
            email=f"{part.username}@demo.example",
            full_name=part.full_name,
            actor=None,
            now=now,
            password=password,
        )
        for role in part.roles:
            give_role(person=user, role=role, actor=None, now=now)
        _token, secret = issue_token(actor=user, name="demo", scopes=Scope.values, days=365, now=now)
        person = {"name": part.username, "password": password, "email": user.email, "token": secret}
        if part.roles:
            person["totp_secret"] = base64.b32encode(secrets.token_bytes(20)).decode()
            TOTP.activate(user, person["totp_secret"])
    return person


def approve(part: Part, reviewer: User, now: datetime) -> None:
    """Take this person's application through the same commands as the pages do."""
    assert part.quota is not None
    applicant = User.objects.get(username=part.username)
    family = family_with_slug(FAMILY)
    licence = current_version(family.weights_licence)
    assert licence is not None
    with transaction.atomic():
        begun = commands.start_application(actor=applicant, family=family, now=now)
        number = str(begun.number)
        saved = commands.save_draft(actor=applicant, number=number, version=begun.version, answers=ANSWERS, now=now)
        sent = commands.submit_application(
            actor=applicant,
            number=number,
            version=saved.version,
            licence_version_id=licence.pk,
            shown_sha256=licence.sha256,
            now=now,
        )
        claimed = commands.claim(actor=reviewer, number=number, version=sent.version, now=now)
        terms = Terms(
            duration_months=12,
            token_quota=part.quota,
            may_download=True,
            may_infer=True,
            variants=(),
            whole_family=True,
            reason="A clear question, and results that will be open.",
        )
        commands.approve(actor=reviewer, number=number, version=claimed.version, terms=terms, checked=CHECKED, now=now)
