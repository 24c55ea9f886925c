"""Addresses of the portal's API, below /portal/v1/."""

from django.urls import path, re_path

from access_portal.api import applications, device, grants, me, reports
from access_portal.api.service import api, unknown_route

api.add_router("", me.router)
api.add_router("", device.router)
api.add_router("", applications.router)
api.add_router("", grants.router)
api.add_router("", reports.router)
api.add_router("", "release.api.routes.router")
api.add_router("", "release.access_api.router")  # models belong to release, which this room does not import

urlpatterns = [path("", api.urls), re_path(r"^.*$", unknown_route)]
