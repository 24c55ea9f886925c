"""Addresses of the Hub that people open in a browser: they lead to this site's own pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from release.hub.errors import HubError
from release.hub.names import split_revision
from release.hub.notices import page_of
from release.hub.repos import Repo, find_repo


@require_safe
def repo_page(request: HttpRequest, org: str, name: str) -> HttpResponse:
    """The model's page; this is the address that error messages of clients print."""
    variant = _repo(org, name).variant
    return redirect("variant", variant.family.slug, variant.slug)


@require_safe
def revision_page(request: HttpRequest, org: str, name: str, rest: str) -> HttpResponse:
    """The page of a release, which lists its files, for a folder or a file in it."""
    revision, _path = split_revision(rest)
    try:
        return redirect(page_of(_repo(org, name).find(revision)))
    except HubError as missing:
        raise Http404(missing.message) from missing


def _repo(org: str, name: str) -> Repo:
    try:
        return find_repo(f"{org}/{name}", anonymous=True)
    except HubError as missing:
        raise Http404(missing.message) from missing
