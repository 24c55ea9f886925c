"""Registers the project package itself, for its templates and commands."""

from django.apps import AppConfig


class AccessPortalConfig(AppConfig):
    name = "access_portal"
