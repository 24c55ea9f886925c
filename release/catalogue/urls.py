"""Addresses of the public catalogue and of the download page."""

from django.urls import path

from release.catalogue import download_views, views

urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("<slug:family_slug>/", views.family, name="family"),
    path("<slug:family_slug>/<slug:variant_slug>/", views.variant, name="variant"),
    path("<slug:family_slug>/<slug:variant_slug>/<str:version>/", download_views.release, name="release"),
    path(
        "<slug:family_slug>/<slug:variant_slug>/<str:version>/manifest.json", download_views.manifest, name="manifest"
    ),
    path(
        "<slug:family_slug>/<slug:variant_slug>/<str:version>/sha256sums.txt",
        download_views.sha256sums,
        name="sha256sums",
    ),
    path(
        "<slug:family_slug>/<slug:variant_slug>/<str:version>/download/<path:path>",
        download_views.download,
        name="download",
    ),
]
