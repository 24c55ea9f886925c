"""Reading families, variants and releases; the policy's view of a release is made here and nowhere else."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, Prefetch, Q, QuerySet, When
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.grants.policy import Action, Actor, Model, usable
from release.errors import ReleaseNotFoundError
from release.models import LIVE_STATES, SHOWN_STATES, Artifact, Family, Release, Variant

# What is deprecated comes after everything that is not, however new it is.
NEWEST = (Case(When(state=Release.State.PUBLISHED, then=0), default=1), "-published_at", "-pk")


def policy_model(release: Release) -> Model:
    """The release as the access policy sees it."""
    variant = release.variant
    return Model(
        family_id=variant.family_id,
        variant_id=variant.pk,
        licence_version_id=release.licence_version_id,
        withdrawn=release.state not in LIVE_STATES,
        deprecated=release.state == Release.State.DEPRECATED,
        name=str(variant),
        family_slug=variant.family.slug,
    )


def families() -> QuerySet[Family]:
    """Every family with its variants, for the catalogue."""
    return Family.objects.select_related("weights_licence").prefetch_related("variants")


def get_family(slug: str) -> Family:
    """Raises ReleaseNotFoundError."""
    found = families().filter(slug=slug).first()
    if found is None:
        raise ReleaseNotFoundError(
            "family_not_found",
            _("There is no model family of this name here."),
            _("The catalogue lists all of them."),
            reverse("catalogue"),
        )
    return found


def get_variant(family_slug: str, variant_slug: str) -> Variant:
    """Raises ReleaseNotFoundError."""
    variants = Variant.objects.select_related("family", "family__weights_licence")
    found = variants.filter(family__slug=family_slug, slug=variant_slug).first()
    if found is None:
        raise ReleaseNotFoundError(
            "variant_not_found",
            _("There is no model of this name here."),
            _("The catalogue lists all of them."),
            reverse("catalogue"),
        )
    return found


def get_release(family_slug: str, variant_slug: str, version: str) -> Release:
    """A published or withdrawn release; one that is only staged does not exist yet for the outside.

    Raises ReleaseNotFoundError.
    """
    variant = get_variant(family_slug, variant_slug)
    found = releases_of(variant).filter(version=version).first() if "\0" not in version else None
    if found is None:
        raise ReleaseNotFoundError(
            "release_not_found",
            _("%s has no release of this name.") % variant,
            _("The model's page lists its releases."),
            reverse("variant", args=[family_slug, variant_slug]),
        )
    return found


def releases_of(variant: Variant) -> QuerySet[Release]:
    """What the outside may see of a variant, newest first."""
    return _releases().filter(variant=variant, state__in=SHOWN_STATES).order_by("-published_at", "-pk")


def shown_releases() -> QuerySet[Release]:
    """What the outside may see of every variant, newest first."""
    return _releases().filter(state__in=SHOWN_STATES).order_by("-published_at", "-pk")


def latest_release(variant: Variant) -> Release | None:
    """The newest published release; where there is none, the newest of those that are deprecated."""
    return _releases().filter(variant=variant, state__in=LIVE_STATES).order_by(*NEWEST).first()


def latest_releases() -> dict[int, Release]:
    """`latest_release` of each variant that has one, by the variant's key."""
    latest: dict[int, Release] = {}
    for release in _releases().filter(state__in=LIVE_STATES).order_by("variant__model_id", *NEWEST):
        latest.setdefault(release.variant_id, release)
    return latest


def hub_variant(repo: str) -> Variant | None:
    """The variant that Hub clients call `gatehouse/llama-7b`; None until something of it was published."""
    if "\0" in repo:
        return None
    variant = Variant.objects.select_related("family").filter(hub_repo=repo).first()
    return variant if variant is not None and releases_of(variant).exists() else None


def revision(variant: Variant, name: str) -> Release | None:
    """What `main`, a version or a commit of 40 digits stands for; a withdrawn release is found and refused later.

    `main` is the newest published release, else the newest deprecated one, else the newest withdrawn one.
    """
    if "\0" in name:
        return None
    if name == "main":
        return latest_release(variant) or releases_of(variant).first()
    return releases_of(variant).filter(Q(version=name) | Q(commit=name)).exclude(commit="").first()


def published_release(model_id: str) -> Release | None:
    """`latest_release` of the variant with this id in the inference API (`llama-7b`)."""
    variant = Variant.objects.filter(model_id=model_id).first() if "\0" not in model_id else None
    return None if variant is None else latest_release(variant)


def usable_releases(user: Actor, action: Action, now: datetime) -> list[Release]:
    """The latest release of each variant on which `user` may do `action` at `now`, by model id."""
    return usable(user, action, list(latest_releases().values()), policy_model, now)


def _releases() -> QuerySet[Release]:
    related = Release.objects.select_related(
        "variant", "variant__family", "licence_version", "licence_version__licence"
    )
    return related.prefetch_related(Prefetch("artifacts", Artifact.objects.order_by("path")))
