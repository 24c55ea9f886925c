"""`manage.py licences list | publish`: licence texts, for the operator of this installation."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from access_portal.errors import GatehouseError
from access_portal.licences.commands import publish_version
from access_portal.licences.models import Licence
from access_portal.licences.queries import licences_for_the_office


class Command(BaseCommand):
    """Whoever may run this holds the machine, so no role is asked for; what is published is on record all the same."""

    help = "Show the licences, or publish a new version of one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="show every licence with its current version")
        publish = verbs.add_parser("publish", help="make a text the current version, for good")
        publish.add_argument("licence", metavar="SLUG")
        publish.add_argument("number", help="of the version, for example 1.1")
        publish.add_argument("file", type=Path, help="Markdown in UTF-8; its bytes are what is hashed")
        publish.add_argument("--summary", action="append", default=[], metavar="SENTENCE", help="may be given again")
        publish.add_argument("--language", default="en", metavar="CODE")
        publish.add_argument("--reconsent-by", default="", metavar="YYYY-MM-DD", help="people accept again by this day")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            self._list() if verb == "list" else self._publish(**options)
        except GatehouseError as error:
            raise CommandError(f"{error.explanation} {error.remedy}".strip()) from error

    def _list(self) -> None:
        for licence, current, people in licences_for_the_office():
            if current is None:
                self.stdout.write(f"{licence.slug}  (no text yet)  {licence.title}")
                continue
            facts = f"{current.number}  {current.published_at:%Y-%m-%d}  {current.sha256}"
            self.stdout.write(f"{licence.slug}  {facts}  accepted by {people}  {licence.title}")

    def _publish(
        self, licence: str, number: str, file: Path, summary: list[str], language: str, reconsent_by: str, **_: Any
    ) -> None:
        found = Licence.objects.filter(slug=licence).first()
        if found is None:
            raise CommandError(f"There is no licence {licence!r}. `licences list` shows what there is.")
        version = publish_version(
            licence=found,
            number=number,
            text=_text_of(file),
            summary=summary,
            language=language,
            reconsent_by=_end_of(reconsent_by) if reconsent_by else None,
            actor=None,
            now=timezone.now(),
        )
        self.stdout.write(f"{version} is published. SHA-256 of its text: {version.sha256}")


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read as text in UTF-8.") from error


def _end_of(day: str) -> datetime:
    """The last minute of a day, UTC."""
    try:
        parsed = parse_date(day)
    except ValueError:
        parsed = None
    if parsed is None:
        raise CommandError(f"{day!r} is not a day such as 2026-12-31.")
    return datetime.combine(parsed, time(23, 59), UTC)
