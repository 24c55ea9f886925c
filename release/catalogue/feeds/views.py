"""Feeds of all releases and of one family's: the same for everybody, in English, and cheap to ask for again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from release import queries
from release.catalogue.feeds.entries import MOST, entries
from release.catalogue.feeds.feed import Feed, as_atom, as_json_feed
from release.catalogue.plain_text import legible
from release.catalogue.queries import changed_lately
from release.models import Family

FRESH_SECONDS = 300
ATOM_TYPE = "application/atom+xml; charset=utf-8"
JSON_TYPE = "application/feed+json"


@require_safe
def atom(request: HttpRequest, family_slug: str | None = None) -> HttpResponseBase:
    return _answer(request, _feed(request, family_slug), as_atom, ATOM_TYPE)


@require_safe
def json_feed(request: HttpRequest, family_slug: str | None = None) -> HttpResponseBase:
    return _answer(request, _feed(request, family_slug), as_json_feed, JSON_TYPE)


def _feed(request: HttpRequest, family_slug: str | None) -> Feed:
    """Raises ReleaseNotFoundError for a family that there is not, in the reader's language."""
    family = None if family_slug is None else queries.get_family(family_slug)
    with translation.override("en"):
        return Feed(
            title=legible(_title(family)),
            author=legible(settings.SITE_NAME),
            url=settings.BASE_URL + request.path,
            page=settings.BASE_URL
            + (reverse("catalogue") if family is None else reverse("family", args=[family.slug])),
            entries=entries(changed_lately(family, MOST)),
        )


def _title(family: Family | None) -> str:
    if family is None:
        return _("Releases of models at %s") % settings.SITE_NAME
    return _("Releases of %(family)s at %(site)s") % {"family": family.name, "site": settings.SITE_NAME}


def _answer(request: HttpRequest, feed: Feed, render: Callable[[Feed], bytes], content_type: str) -> HttpResponseBase:
    body, modified = render(feed), int(feed.updated.timestamp())
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type=content_type)
    response["ETag"], response["Last-Modified"] = etag, http_date(modified)
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return get_conditional_response(request, etag=etag, last_modified=modified, response=response) or response
