"""Addresses of licence texts."""

from django.urls import path

from access_portal.licences import views

urlpatterns = [path("<int:pk>/", views.licence_version, name="licence_version")]
