"""`manage.py audit verify`: has anybody rewritten the event log?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event


class Command(BaseCommand):
    """Checks every chain of the event log; ends with status 1 and names the first broken event of each broken chain."""

    help = "Check the chain of hashes through every event."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        subjects = list(Event.objects.order_by("subject").values_list("subject", flat=True).distinct())
        broken = [event for subject in subjects if (event := first_broken(subject))]
        for event in broken:
            self.stderr.write(f"broken: {event.subject}, event {event.sequence} ({event.name}), row {event.pk}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(subjects)} chains were altered.", returncode=1)
        self.stdout.write(f"{Event.objects.count()} events in {len(subjects)} chains: every chain is whole.")
