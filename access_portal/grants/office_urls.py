"""Addresses of the office's pages about grants."""

from django.urls import path

from access_portal.grants.views import office, stopping

urlpatterns = [
    path("grants/", office.grants, name="grants_office"),
    path("grants/<slug:number>/", office.grant_case, name="grant_case"),
    path("grants/<slug:number>/<slug:command>/", office.act, name="grant_act"),
    path("stop/", stopping.stop_everything, name="stop_everything"),
    path("stop/<int:pk>/lift/", stopping.lift_stop, name="lift_stop"),
    path("revocations/", office.revocations, name="revocations"),
]
