"""`manage.py catalogue load | open FAMILY | close FAMILY`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from access_portal.errors import GatehouseError
from release.catalogue.loading import load_catalogue, open_family
from release.queries import get_family


class Command(BaseCommand):
    help = "Load the catalogue of models from the project's data files; open and close families for applications."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("load", help="create or update families, variants and licence texts")
        for name, what in [("open", "take applications for a family"), ("close", "take no more applications for it")]:
            actions.add_parser(name, help=what).add_argument("family")

    def handle(self, *args: Any, action: str, family: str = "", **options: Any) -> None:
        try:
            if action == "load":
                for loaded in load_catalogue(now=timezone.now()):
                    names = ", ".join(variant.name for variant in loaded.variants.all())
                    self.stdout.write(f"{loaded.name}: {names}")
                return
            found = get_family(family)
            open_family(family=found, accepts=action == "open")
            self.stdout.write(f"{found.name}: applications are {'open' if action == 'open' else 'closed'}.")
        except GatehouseError as error:
            raise CommandError(f"{error.explanation} {error.remedy}".strip()) from error
