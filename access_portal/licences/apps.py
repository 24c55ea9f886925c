"""Registers access_portal.licences with Django."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    name = "access_portal.licences"
