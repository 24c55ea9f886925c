"""`manage.py buckets`: make the buckets for weights and jobs where they are missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from access_portal.errors import GatehouseError
from release.storage import jobs_store, weights_store


class Command(BaseCommand):
    help = "Make the buckets for weights and jobs where they are missing; what is there stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            weights_store().ensure_bucket()
            jobs_store().ensure_bucket()
        except GatehouseError as error:
            raise CommandError(f"{error.explanation} {error.remedy}".strip()) from error
