"""The page of one release, from which its files are downloaded."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.models import User
from release import queries
from release.catalogue import client_wheel
from release.catalogue.release_page import page_of
from release.client_address import client_address
from release.delivery import mint
from release.errors import ReleaseNotFoundError
from release.models import Mint

FRESH_SECONDS = 300


class SeeOther(HttpResponseRedirect):
    """303: whatever the method was, the next request is a GET."""

    status_code = 303


@never_cache
@require_safe
def release(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    """Files, hashes, how to get them, and what stands between the reader and them."""
    found = queries.get_release(family_slug, variant_slug, version)
    return render(request, "release/release.html", page_of(found, request.user, timezone.now()))


@require_safe
def manifest(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    """The manifest, byte for byte as it was published, so that anyone can check a copy."""
    found = queries.get_release(family_slug, variant_slug, version)
    return HttpResponse(found.manifest, content_type="application/json")


@require_safe
def sha256sums(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    """The hashes in the form that `sha256sum --check` reads."""
    found = queries.get_release(family_slug, variant_slug, version)
    lines = [f"{artifact.sha256}  {artifact.path}\n" for artifact in found.artifacts.all()]
    headers = {"Content-Disposition": 'attachment; filename="sha256sums.txt"'}
    return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8", headers=headers)


@require_safe
def client(request: HttpRequest, name: str) -> HttpResponse:
    """Our client, for pip; the name tells pip the version, so there is one of this version alone."""
    if name != client_wheel.NAME:
        raise ReleaseNotFoundError(
            "client_not_found",
            _("There is no client of this version here."),
            _("The page of each release names the one that there is."),
            reverse("catalogue"),
        )
    headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
    return HttpResponse(client_wheel.content(), content_type="application/zip", headers=headers)


@require_POST
def download(request: HttpRequest, family_slug: str, variant_slug: str, version: str, path: str) -> HttpResponse:
    """Send the browser to a link made for it alone."""
    if not isinstance(request.user, User):  # after signing in, back to the page: this address takes no GET
        return redirect_to_login(reverse("release", args=[family_slug, variant_slug, version]))
    link = mint(
        actor=request.user,
        release=queries.get_release(family_slug, variant_slug, version),
        path=path,
        address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        via=Mint.Via.PAGE,
        now=timezone.now(),
    )
    return SeeOther(link.url, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
