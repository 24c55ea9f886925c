"""Registers access_portal.office with Django, and finds the tables that each room shows."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule

OURS = ("access_portal", "release", "inference_worker")


class OfficeConfig(AppConfig):
    name = "access_portal.office"

    def ready(self) -> None:
        """Import each room's `admin.py`; those of other packages would bring forms that change rows."""
        for config in apps.get_app_configs():
            if config.name.startswith(OURS) and module_has_submodule(config.module, "admin"):
                import_module(f"{config.name}.admin")
