"""What anybody checks a release with: the signature beside its manifest, and the publisher's keys."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from release import queries
from release.errors import ReleaseNotFoundError
from release.publisher_keys import published_keys


@require_safe
def release_keys(request: HttpRequest) -> JsonResponse:
    """The public keys, present and former, as a JWK Set."""
    answer = JsonResponse(published_keys(), content_type="application/jwk-set+json")
    answer["Cache-Control"] = "public, max-age=300"
    return answer


@require_safe
def release_signature(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    """The signature as one line; of a withdrawn release as well, since copies of it are out there."""
    found = queries.get_release(family_slug, variant_slug, version)
    if not found.signature:
        raise ReleaseNotFoundError(
            "release_unsigned",
            _("%s was published before this house signed its releases.") % found,
            _("Its manifest can be read all the same."),
            reverse("manifest", args=[family_slug, variant_slug, version]),
        )
    return HttpResponse(found.signature + "\n", content_type="application/jose")


urlpatterns = [
    path(".well-known/gatehouse-releases.json", release_keys, name="release_keys"),
    path(
        "models/<slug:family_slug>/<slug:variant_slug>/<str:version>/manifest.jws",
        release_signature,
        name="release_signature",
    ),
]
