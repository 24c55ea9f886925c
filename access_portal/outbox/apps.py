"""Registers access_portal.outbox with Django."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "access_portal.outbox"
