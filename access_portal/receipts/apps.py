"""Registers access_portal.receipts with Django."""

from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "access_portal.receipts"
