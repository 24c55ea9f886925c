"""Addresses of the office's pages about releases, below /office/releases/."""

from django.urls import path

from release.office import records, views

urlpatterns = [
    path("", views.releases, name="office_releases"),
    *records.urlpatterns,
    path("<str:model_id>/<str:version>/", views.release, name="office_release"),
    path("<str:model_id>/<str:version>/<slug:command>/", views.act, name="office_release_act"),
]
