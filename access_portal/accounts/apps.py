"""Registers access_portal.accounts with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "access_portal.accounts"
