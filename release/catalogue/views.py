"""The public catalogue: families, their model cards, their sizes."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from access_portal.grants.policy import Action, decide
from access_portal.licences.queries import current_version
from release import queries
from release.catalogue import card
from release.catalogue.citation import bibtex
from release.catalogue.evaluation import evaluations
from release.catalogue.figures import mix_plot, training_cost
from release.catalogue.hardware import needs
from release.catalogue.queries import downloadable, newest_published, shown_releases
from release.catalogue.waiting import usual_wait
from release.models import Variant

NEWEST = 20  # releases in the changelog of a family


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every family with its sizes, which of them can be had here, and which the reader may have."""
    latest = newest_published()
    context = {
        "families": queries.families(),
        "released": latest,
        "yours": downloadable(request.user, list(latest.values()), timezone.now()),
    }
    return render(request, "release/catalogue.html", context)


@require_safe
def family(request: HttpRequest, family_slug: str) -> HttpResponse:
    """The model card of all sizes together."""
    found, now = queries.get_family(family_slug), timezone.now()
    variants = list(found.variants.all())
    latest = newest_published(found)
    own = rows_of_variants(variants)
    context = {
        "any_released": bool(latest),
        "family": found,
        "facts": found.facts,
        "sizes": [(variant, needs(variant), latest.get(variant.pk)) for variant in variants],
        "yours": downloadable(request.user, list(latest.values()), now),
        "mix_plot": mix_plot(found.facts.get("data_mix")),
        "cost": training_cost(found.facts.get("training_cost"), own, own),
        "evaluations": evaluations(found.facts.get("tables", []), own, own),
        "licence_version": current_version(found.weights_licence),
        "wait": usual_wait(found, now) if found.accepts_applications else None,
        "releases": list(shown_releases(found)[:NEWEST]),
        "citation": bibtex(found, settings.BASE_URL + reverse("family", args=[found.slug])),
    }
    return render(request, "release/family.html", context)


@require_safe
def variant(request: HttpRequest, family_slug: str, variant_slug: str) -> HttpResponse:
    """One size: its numbers, its releases, and whether the reader may have it."""
    found, now = queries.get_variant(family_slug, variant_slug), timezone.now()
    latest = queries.latest_release(found)
    decision = None
    if latest is not None:
        decision = decide(request.user, Action.DOWNLOAD, queries.policy_model(latest), now)
    own = rows_of_variants(list(found.family.variants.all()))
    context = {
        "family": found.family,
        "facts": found.family.facts,
        "variant": found,
        "siblings": [each for each in found.family.variants.all() if each.pk != found.pk],
        "architecture": card.architecture(found),
        "training": card.training(found),
        "needs": needs(found),
        "evaluations": evaluations(found.family.facts.get("tables", []), own, rows_of_variants([found])),
        "licence_version": current_version(found.family.weights_licence),
        "releases": [release for release in shown_releases(found.family) if release.variant_id == found.pk],
        "latest": latest,
        "decision": decision,
        "citation": bibtex(found.family, settings.BASE_URL + reverse("variant", args=[family_slug, variant_slug])),
    }
    return render(request, "release/variant.html", context)


def rows_of_variants(variants: list[Variant]) -> set[str]:
    """By which names evaluation tables call these sizes."""
    return {str(variant.facts["table_row"]) for variant in variants if "table_row" in variant.facts}
