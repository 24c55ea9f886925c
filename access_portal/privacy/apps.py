"""Registers access_portal.privacy with Django."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "access_portal.privacy"
