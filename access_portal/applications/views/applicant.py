"""Pages of the applicant."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse


@login_required
def apply(request: HttpRequest, family_slug: str) -> HttpResponse:
    return HttpResponse(family_slug)


@login_required
def my_applications(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@login_required
def application(request: HttpRequest, number: str) -> HttpResponse:
    return HttpResponse(number)


@login_required
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    return HttpResponse(number)
