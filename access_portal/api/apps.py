"""Registers access_portal.api with Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "access_portal.api"
    label = "portal_api"
    verbose_name = "API"
