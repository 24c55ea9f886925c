"""Registers sign-in by device with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "access_portal.accounts.devices"
    label = "devices"
    verbose_name = _("Sign-in by device")
