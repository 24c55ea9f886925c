"""Registers access_portal.audit with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "access_portal.audit"
