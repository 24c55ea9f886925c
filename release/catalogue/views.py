"""The public catalogue: families, their model cards, their sizes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.grants.policy import Action, decide
from access_portal.licences.queries import current_version
from release import queries
from release.catalogue import card


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every family with its sizes, and which of them can be had here."""
    context = {"families": queries.families(), "released": queries.latest_releases().keys()}
    return render(request, "release/catalogue.html", context)


@require_safe
def family(request: HttpRequest, family_slug: str) -> HttpResponse:
    """The model card."""
    found = queries.get_family(family_slug)
    variants = list(found.variants.all())
    latest = queries.latest_releases()
    context = {
        "any_released": any(variant.pk in latest for variant in variants),
        "family": found,
        "facts": found.facts,
        "variants": [(variant, card.memory(variant), latest.get(variant.pk)) for variant in variants],
        "own_rows": [variant.facts.get("table_row") for variant in variants],
        "licence_version": current_version(found.weights_licence),
    }
    return render(request, "release/family.html", context)


@require_safe
def variant(request: HttpRequest, family_slug: str, variant_slug: str) -> HttpResponse:
    """One size: its numbers, its releases, and whether the reader may have it."""
    found = queries.get_variant(family_slug, variant_slug)
    latest = queries.latest_release(found)
    decision = None
    if latest is not None:
        decision = decide(request.user, Action.DOWNLOAD, queries.policy_model(latest), timezone.now())
    context = {
        "family": found.family,
        "facts": found.family.facts,
        "variant": found,
        "architecture": card.architecture(found),
        "training": card.training(found),
        "memory": card.memory(found),
        "own_rows": [found.facts.get("table_row")],
        "releases": queries.releases_of(found),
        "latest": latest,
        "decision": decision,
    }
    return render(request, "release/variant.html", context)
