"""Registers access_portal.site with Django."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "access_portal.site"
