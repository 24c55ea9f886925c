"""Registers access_portal.references with Django, and listens for applications that are sent."""

from django.apps import AppConfig


class ReferencesConfig(AppConfig):
    name = "access_portal.references"

    def ready(self) -> None:
        from access_portal.applications.sent import application_sent
        from access_portal.references.commands import ask_those_named

        application_sent.connect(ask_those_named, dispatch_uid="references")
