"""Addresses of the API below /v1/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
