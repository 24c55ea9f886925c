"""`manage.py grant_lifecycle`: the table of states and commands of grants, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand

from access_portal.grants.lifecycle_table import markdown


class Command(BaseCommand):
    """Prints what docs/reference/grants.md holds between its two marks."""

    help = "Print the life of a grant as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
