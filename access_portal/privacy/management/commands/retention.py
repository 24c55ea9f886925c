"""`manage.py retention`: what the rules of `privacy/rules.py` would forget now, or let them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from access_portal.errors import GatehouseError
from access_portal.privacy.commands import run_retention
from access_portal.privacy.rules import previews


class Command(BaseCommand):
    """Whoever may run this holds the machine, so no role is asked for; a run is on record all the same."""

    help = "Show what is due to be forgotten, or forget it now instead of with the next tick of the clock."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_mutually_exclusive_group(required=True)
        verbs.add_argument("--preview", action="store_true", help="only say what is due; nothing changes")
        verbs.add_argument("--run", action="store_true", help="forget it, a slice for each rule")
        parser.add_argument("--rule", default="", help="the key of one rule, as the preview gives it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["run"]:
            try:
                done = run_retention(actor=None, key=options["rule"], now=timezone.now())
            except GatehouseError as error:
                raise CommandError(error.explanation) from error
            for key, count in done.items():
                self.stdout.write(f"{key}: {count} forgotten")
            return
        for rule, due in previews(timezone.now()):
            if options["rule"] in ("", rule.key):
                shown = f" ({'; '.join(due.first)}{'; …' if due.count > len(due.first) else ''})" if due.first else ""
                self.stdout.write(f"{rule.key}: {due.count} due{shown}")
