"""Addresses of the portal's API, below /portal/v1/."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from access_portal.api import applications, device, grants, me, reports
from access_portal.api.service import api, method_not_allowed, unknown_route

api.add_router("", me.router)
api.add_router("", device.router)
api.add_router("", applications.router)
api.add_router("", grants.router)
api.add_router("", reports.router)
api.add_router("", "release.api.routes.router")
api.add_router("", "release.access_api.router")  # models belong to release, which this room does not import


def in_the_apis_form(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ninja answers a wrong method by itself, in a form that is not the API's."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        return method_not_allowed(request, answer["Allow"]) if answer.status_code == 405 else answer

    return told


known = api.urls
for pattern in known[0]:
    pattern.callback = pattern.callback and in_the_apis_form(pattern.callback)

urlpatterns = [path("", known), re_path(r"^.*$", unknown_route)]
