"""The public catalogue: families, their model cards, their sizes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def catalogue(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def family(request: HttpRequest, family_slug: str) -> HttpResponse:
    return HttpResponse("")


def variant(request: HttpRequest, family_slug: str, variant_slug: str) -> HttpResponse:
    return HttpResponse("")
