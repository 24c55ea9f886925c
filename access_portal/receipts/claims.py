"""What a receipt says of a grant or of an acceptance: facts that anybody may be shown, never a reason or an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from access_portal.grants.models import LIVE_STATES, Grant, GrantMember
from access_portal.licences.models import LicenceAcceptance, LicenceVersion

ALL_SIZES = "all"


def grant_claims(grant: Grant, now: datetime) -> dict[str, Any]:
    """The grant as it stands at `now`; a state that its date has overtaken counts as over."""
    version = grant.licence_version
    ended = grant.state in LIVE_STATES and now >= grant.ends_at
    claims: dict[str, Any] = {
        "iss": settings.BASE_URL,
        "sub": grant.holder.username,
        "receipt": "grant",
        "grant": {
            "number": grant.number,
            "kind": grant.kind,
            "state": str(Grant.State.EXPIRED) if ended else grant.state,
            "family": grant.family.name,
            "sizes": _sizes(grant),
            "starts_at": _time(grant.starts_at),
            "ends_at": _time(grant.ends_at),
            "rights": [name for name, given in _rights(grant) if given],
        },
        "licence": _licence(version),
        "acceptances": [
            _acceptance(row) for row in _since(LicenceAcceptance.objects.filter(user=grant.holder), version)
        ],
    }
    if grant.kind == Grant.Kind.LAB:
        claims["grant"]["lab"] = grant.lab_name
        claims["members"] = [_member(row) for row in joined_members(grant)]
    return claims


def acceptance_claims(acceptance: LicenceAcceptance) -> dict[str, Any]:
    """That somebody accepted a text."""
    return {
        "iss": settings.BASE_URL,
        "sub": acceptance.user.username,
        "receipt": "acceptance",
        "licence": _licence(acceptance.version),
        "acceptances": [_acceptance(acceptance)],
    }


def joined_members(grant: Grant) -> list[GrantMember]:
    """Who belongs to a lab grant now, beside its holder."""
    rows = grant.members.filter(joined_at__isnull=False, removed_at__isnull=True)
    return list(rows.select_related("user", "acceptance__version").order_by("joined_at", "pk"))


def _sizes(grant: Grant) -> list[str]:
    if grant.whole_family:
        return [ALL_SIZES]
    return [variant.name for variant in grant.variants.order_by("parameters", "pk")]


def _rights(grant: Grant) -> list[tuple[str, bool]]:
    return [("download", grant.may_download), ("inference", grant.may_infer)]


def _licence(version: LicenceVersion) -> dict[str, str]:
    return {
        "title": version.licence.title,
        "version": version.number,
        "language": version.language,
        "sha256": version.sha256,
    }


def _since(acceptances: Any, version: LicenceVersion) -> list[LicenceAcceptance]:
    """Those of this text and of later ones of the same licence, in the order of time."""
    rows = acceptances.filter(
        version__licence_id=version.licence_id, version__published_at__gte=version.published_at
    ).select_related("version")
    return list(rows.order_by("accepted_at", "pk"))


def _acceptance(acceptance: LicenceAcceptance) -> dict[str, str]:
    return {
        "version": acceptance.version.number,
        "language": acceptance.language,
        "sha256": acceptance.sha256,
        "accepted_at": _time(acceptance.accepted_at),
        "capacity": acceptance.capacity,
    }


def _member(member: GrantMember) -> dict[str, str]:
    assert member.user is not None
    assert member.joined_at is not None
    said = (
        {"version": member.acceptance.version.number, "sha256": member.acceptance.sha256} if member.acceptance else {}
    )
    return {"sub": member.user.username, "joined_at": _time(member.joined_at), **said}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
