"""All that the page of one release says, put together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from access_portal.grants.policy import Action, Actor, Granted, decide
from release import queries
from release.catalogue.changes import changes, release_before
from release.catalogue.citation import bibtex
from release.catalogue.file_groups import file_groups, layouts_of
from release.catalogue.recipes import Kitchen, checks, recipes
from release.models import LIVE_STATES, Release


def page_of(release: Release, reader: Actor, now: datetime) -> dict[str, Any]:
    """For the template; the policy is asked once, and its answer is shown in its own words."""
    variant = release.variant
    decision = decide(reader, Action.DOWNLOAD, queries.policy_model(release), now)
    artifacts = list(release.artifacts.all())
    groups = file_groups(artifacts)
    others = [other for other in queries.releases_of(variant) if other.pk != release.pk]
    before = release_before(release, others)
    is_live = release.state in LIVE_STATES
    minutes = settings.DOWNLOAD_URL_SECONDS // 60
    kitchen = Kitchen(release, groups, settings.BASE_URL, minutes)
    address = settings.BASE_URL + reverse("release", args=[variant.family.slug, variant.slug, release.version])
    return {
        "release": release,
        "variant": variant,
        "family": variant.family,
        "facts": variant.family.facts,
        "is_live": is_live,
        "groups": groups,
        "layouts": layouts_of(groups),
        "file_count": len(artifacts),
        "total_bytes": sum(artifact.size_bytes for artifact in artifacts),
        "decision": decision,
        "granted": isinstance(decision, Granted),
        "recipes": recipes(kitchen) if is_live else [],
        "checks": checks(kitchen),
        "link_minutes": minutes,
        "others": others,
        "newer": _newer(release, others),
        "changes": None if before is None else changes(before, release),
        "citation": bibtex(variant.family, address, release),
    }


def _newer(release: Release, others: list[Release]) -> Release | None:
    """The newest published release of the variant, where that is not this one."""
    newest = next((other for other in others if other.state == Release.State.PUBLISHED), None)
    if newest is None or newest.published_at is None or release.published_at is None:
        return None
    return newest if newest.published_at > release.published_at else None
