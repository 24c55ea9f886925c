"""What Hub clients print beside a good answer."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from release.hub.errors import TEXT_BYTES, one_line
from release.models import Release


def page_of(release: Release) -> str:
    """Path of the page on which people read about a release."""
    variant = release.variant
    return reverse("release", args=[variant.family.slug, variant.slug, release.version])


def with_notices(answer: HttpResponse, release: Release) -> HttpResponse:
    """Add that the release was deprecated, where it was: clients say it once per release."""
    if release.state == Release.State.DEPRECATED:
        newer = "" if release.offered_instead is None else f" Use {release.offered_instead} instead."
        page = settings.BASE_URL + page_of(release)
        reason = one_line(release.deprecated_reason)[: TEXT_BYTES - 400]  # what helps comes after it
        words = f"{release} is deprecated: {reason}{newer} See {page}"
        answer["X-HF-Warning"] = one_line(f"deprecated {release.commit[:8]}; {words}")
    return answer
