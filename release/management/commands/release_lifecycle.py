"""`manage.py release_lifecycle`: the table of states and commands of releases, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand

from release.lifecycle_table import markdown


class Command(BaseCommand):
    """Prints what docs/reference/releases.md holds between its two marks."""

    help = "Print the life of a release as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
