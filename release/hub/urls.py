"""Addresses that Hugging Face clients ask for; none ends in a slash, none is ever redirected to one that does."""

from django.urls import path

from release.hub import views

urlpatterns = [
    path("<str:org>/<str:name>/resolve/<str:revision>/<path:path>", views.resolve, name="hub_resolve"),
]
