"""`manage.py roles`: which role may do what, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand

from access_portal.grants.roles_table import markdown


class Command(BaseCommand):
    """Prints what docs/reference/roles.md holds between its two marks."""

    help = "Print which role may do what, as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
