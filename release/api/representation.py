"""Models and releases as the API shows them; addresses are absolute, since clients keep no base of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.grants.policy import Action, Actor, Granted, decide
from release.models import Release, Variant
from release.queries import policy_model

Shown = dict[str, Any]


def name_of(variant: Variant) -> str:
    """As people ask for it: `llama/7b`."""
    return f"{variant.family.slug}/{variant.slug}"


def model(variant: Variant, releases: list[Release], latest: Release | None, actor: Actor, now: datetime) -> Shown:
    """A size with its releases, newest first, and whether `actor` may have the latest."""
    newest = latest or next(iter(releases), None)
    return {
        "model": name_of(variant),
        "model_id": variant.model_id,
        "name": str(variant),
        "family": variant.family.slug,
        "parameters": variant.parameters,
        "hub_repo": variant.hub_repo,
        "latest": latest.version if latest else None,
        "releases": [line(release) for release in releases],
        "access": _not_released(variant) if newest is None else access(newest, actor, now),
    }


def line(release: Release) -> Shown:
    """One release in a list."""
    files = release.artifacts.all()
    return {
        "version": release.version,
        "state": release.state,
        "published_at": _moment(release.published_at),
        "commit": release.commit,
        "bytes": sum(file.size_bytes for file in files),
        "layouts": sorted({file.layout for file in files} - {"any"}),
    }


def whole(release: Release, actor: Actor, now: datetime) -> Shown:
    """All that is public about a release, and whether `actor` may have its files."""
    variant, text = release.variant, release.licence_version
    here = [variant.family.slug, variant.slug, release.version]
    return {
        "model": name_of(variant),
        "model_id": variant.model_id,
        "version": release.version,
        "state": release.state,
        "published_at": _moment(release.published_at),
        "commit": release.commit,
        "hub_repo": variant.hub_repo,
        "licence": {
            "slug": text.licence.slug, "version": text.number, "sha256": text.sha256,
            "url": _absolute(reverse("licence_version", args=[text.pk])),
        },
        "manifest_url": _absolute(reverse("manifest", args=here)),
        "signature_url": _absolute(reverse("release_signature", args=here)) if release.signature else None,
        "keys_url": _absolute(reverse("release_keys")),
        "page_url": _absolute(reverse("release", args=here)),
        "deprecated": _deprecated(release),
        "withdrawn": {"reason": release.withdrawn_reason} if release.state == Release.State.WITHDRAWN else None,
        "files": [
            {"path": file.path, "layout": file.layout, "size": file.size_bytes, "sha256": file.sha256}
            for file in release.artifacts.all()
        ],
        "access": access(release, actor, now),
    }  # fmt: skip


def access(release: Release, actor: Actor, now: datetime) -> Shown:
    """The policy's answer for a download at this moment, in its own words."""
    decision = decide(actor, Action.DOWNLOAD, policy_model(release), now)
    if isinstance(decision, Granted):
        return {"allowed": True, "code": "", "explanation": "", "remedy": "", "url": ""}
    return _refused(decision.code, decision.explanation, decision.remedy, decision.remedy_path)


def _refused(code: str, explanation: str, remedy: str, path: str) -> Shown:
    url = _absolute(path) if path else ""
    return {"allowed": False, "code": code, "explanation": explanation, "remedy": remedy, "url": url}


def _not_released(variant: Variant) -> Shown:
    said = _("Nothing of %(model)s was released here yet, so nobody can have it.") % {"model": variant}
    path = reverse("variant", args=[variant.family.slug, variant.slug])
    return _refused("model_not_released", said, _("Its page tells what there is."), path)


def _deprecated(release: Release) -> Shown | None:
    if release.state != Release.State.DEPRECATED:
        return None
    return {"reason": release.deprecated_reason, "successor": _successor(release, release.offered_instead)}


def _successor(release: Release, better: Release | None) -> str | None:
    """A version of this size, or another size with its version, as clients and commands are told it: `llama/7b@v2`."""
    if better is None:
        return None
    same_size = better.variant_id == release.variant_id
    return better.version if same_size else f"{name_of(better.variant)}@{better.version}"


def _absolute(path: str) -> str:
    return f"{settings.BASE_URL}{path}"


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
