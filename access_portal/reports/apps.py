"""Registers access_portal.reports with Django."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "access_portal.reports"
