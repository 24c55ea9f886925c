"""The address that a program tells its person to open."""

from django.urls import path

from access_portal.accounts.devices import views

urlpatterns = [path("activate/", views.activate, name="activate")]
