"""Grants at every point of their life, and the people around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from access_portal.accounts.models import User
from access_portal.applications.terms import Terms
from access_portal.grants.commands.lab import digest_of
from access_portal.grants.models import Grant, GrantMember, Renewal, Revocation, Transfer
from access_portal.licences.models import LicenceVersion
from release.models import Family
from tests.factories import make_acceptance, make_family, make_grant, make_licence_version, make_user, make_variant

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
FAR = 200 * DAY  # an end at which nothing is due yet
SAID = "Three copies on two machines; all were deleted today."
TERMS = Terms(
    duration_months=6, token_quota=5_000, may_download=True, may_infer=True, variants=("1m",), reason="It goes on."
)
_numbers = count(1)


def make_open_family(slug: str = "") -> Family:
    """A family with one size, 1m, and a licence."""
    family = make_family(slug or f"family-{next(_numbers)}", make_licence_version())
    make_variant(family, "1m")
    return family


def make_person_grant(holder: User, family: Family | None = None, **fields: Any) -> Grant:
    values = {"ends_at": NOW + FAR, "state_changed_at": NOW - DAY, **fields}
    return make_grant(holder, family or make_open_family(), now=NOW, **values)


def make_lab(holder: User, family: Family | None = None, *members: User, **fields: Any) -> Grant:
    """A grant for a lab of which these have accepted the licence and joined."""
    grant = make_person_grant(holder, family, kind="lab", lab_name="Lab of Tests", **fields)
    for member in members:
        make_member(grant, member)
    return grant


def make_member(grant: Grant, person: User, **fields: Any) -> GrantMember:
    values: dict[str, Any] = {
        "grant": grant, "email": person.email, "name": str(person), "invited_by": grant.holder,
        "invited_at": NOW - 3 * DAY, "user": person, "joined_at": NOW - 2 * DAY,
        "acceptance": make_acceptance(person, grant.licence_version),
    }  # fmt: skip
    return GrantMember.objects.create(**{**values, **fields})


def make_invitation(grant: Grant, email: str, token: str = "", **fields: Any) -> GrantMember:
    values: dict[str, Any] = {
        "grant": grant, "email": email, "invited_by": grant.holder, "invited_at": NOW - DAY,
        "token_digest": digest_of(token or f"token-{next(_numbers)}"),
    }  # fmt: skip
    return GrantMember.objects.create(**{**values, **fields})


def make_proposal(grant: Grant, by: User, *, emergency: bool = False, at: datetime = NOW - 10 * HOUR) -> Revocation:
    return Revocation.objects.create(grant=grant, proposed_by=by, proposed_at=at, reason="A leak.", emergency=emergency)


def make_renewal(grant: Grant) -> Renewal:
    return Renewal.objects.create(
        grant=grant, asked_by=grant.holder, asked_at=NOW - HOUR, outputs="One paper.", changes="Nothing."
    )


def make_transfer(grant: Grant, to: User, by: User | None = None) -> Transfer:
    asked_by = by or grant.holder
    return Transfer.objects.create(grant=grant, to=to, asked_by=asked_by, asked_at=NOW - HOUR, reason="I leave.")


def new_licence(grant: Grant) -> LicenceVersion:
    """A text that nobody has accepted takes the place of the family's licence."""
    return make_licence_version(grant.family.weights_licence, number="2.0", text="Be better.")


def accept_licence(person: User, grant: Grant) -> None:
    make_acceptance(person, grant.family.weights_licence.versions.latest("published_at"))


def people(*names: str) -> list[User]:
    return [make_user(name) for name in names]
