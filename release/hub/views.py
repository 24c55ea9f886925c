"""The Hub door: Hugging Face clients and curl ask here for one file of one revision."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def resolve(request: HttpRequest, org: str, name: str, revision: str, path: str) -> HttpResponse:
    return HttpResponse("")
