"""Addresses of the public catalogue, its feeds and the download page."""

from django.urls import path

from release.catalogue import download_views, views
from release.catalogue.feeds import views as feeds

urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("feed.atom", feeds.atom, name="releases_atom"),
    path("feed.json", feeds.json_feed, name="releases_json"),
    path("client/<str:name>", download_views.client, name="client_wheel"),
    path("<slug:family_slug>/feed.atom", feeds.atom, name="family_atom"),
    path("<slug:family_slug>/feed.json", feeds.json_feed, name="family_json"),
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
