"""Addresses of licence texts."""

from django.urls import path

from access_portal.licences import views

urlpatterns = [
    path("", views.licences, name="licences"),
    path("mine/", views.my_licences, name="my_licences"),
    path("<int:pk>/", views.licence_version, name="licence_version"),
    path("<int:pk>/text/", views.licence_text, name="licence_text"),
    path("<int:pk>/changes/", views.licence_changes, name="licence_changes"),
]
