"""`manage.py portal_api`: the endpoints of the portal's API, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand

from access_portal.api.reference import markdown


class Command(BaseCommand):
    """Prints what docs/reference/portal-api.md holds between its two marks."""

    help = "Print the endpoints of the portal's API as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
