"""Pages of the reviewers and deciders."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse


@login_required
def queue(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@login_required
def case(request: HttpRequest, number: str) -> HttpResponse:
    return HttpResponse(number)


claim = release = approve = refuse = case
