"""`manage.py workflow`: the table of states and commands, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand

from access_portal.applications.workflow_table import markdown


class Command(BaseCommand):
    """Prints what docs/reference/applications.md holds between its two marks."""

    help = "Print the workflow of applications as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
