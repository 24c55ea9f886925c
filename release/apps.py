"""Registers release with Django."""

from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    name = "release"
