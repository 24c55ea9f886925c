"""Registers access_portal.site with Django, and the parts of the house that every installation has."""

from django.apps import AppConfig

from access_portal.site import health


class SiteConfig(AppConfig):
    name = "access_portal.site"

    def ready(self) -> None:
        health.register("database", health.check_database)
        health.register("redis", health.check_redis)
