"""Addresses of a person's grants."""

from django.urls import path

from access_portal.grants import views

urlpatterns = [path("", views.my_grants, name="my_grants")]
