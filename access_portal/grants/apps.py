"""Registers access_portal.grants with Django."""

from django.apps import AppConfig


class GrantsConfig(AppConfig):
    name = "access_portal.grants"
