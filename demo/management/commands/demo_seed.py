"""Make the database, the buckets, the catalogue, the demo people and the demo release; what is there stays as it is."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from access_portal.accounts.models import User
from demo import catalogue, people
from demo.home import Home, write_private


class Command(BaseCommand):
    help = "Prepare a demonstration; used by ./dev up."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("buckets")
        call_command("catalogue", "load", stdout=self.stdout)
        _people_and_release(Home.here())


def _people_and_release(home: Home) -> None:
    now = timezone.now()
    known = json.loads(home.demo_file.read_text())["people"] if home.demo_file.exists() else {}
    for part in people.CAST:
        if part.title not in known:
            known[part.title] = people.make(part, now)
        _write(home, known)  # after each, so that no password is lost when a later step fails
    catalogue.publish(User.objects.get(username=known["release_owner"]["name"]), now)
    reviewer = User.objects.get(username=known["reviewer"]["name"])
    for part in people.CAST:
        if part.quota is not None and not User.objects.get(username=part.username).grants.exists():
            people.approve(part, reviewer, now)


def _write(home: Home, known: dict[str, Any]) -> None:
    variant = catalogue.demo_variant()
    content = {
        "base_url": settings.BASE_URL,
        "s3_url": settings.S3_PUBLIC_ENDPOINT_URL,
        "family": variant.family.slug,
        "variant": variant.slug,
        "version": catalogue.VERSION,
        "repository": variant.hub_repo,
        "model": variant.model_id,
        "people": known,
    }
    write_private(home.demo_file, content)
