"""Registers access_portal.applications with Django."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "access_portal.applications"
