"""The page of one release, from which its files are downloaded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def release(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    return HttpResponse("")


def manifest(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    return HttpResponse("")


def sha256sums(request: HttpRequest, family_slug: str, variant_slug: str, version: str) -> HttpResponse:
    return HttpResponse("")


def download(request: HttpRequest, family_slug: str, variant_slug: str, version: str, path: str) -> HttpResponse:
    return HttpResponse("")
