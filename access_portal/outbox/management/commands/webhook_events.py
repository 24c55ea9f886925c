"""`manage.py webhook_events`: the table of event types, for docs/reference/webhook-events.md."""

from typing import Any

from django.core.management.base import BaseCommand

from access_portal.outbox.event_types import as_table


class Command(BaseCommand):
    """Prints Markdown."""

    help = "Print the event types that webhooks know, as the documentation shows them."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_table())
