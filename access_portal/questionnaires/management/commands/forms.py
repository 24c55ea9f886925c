"""`manage.py forms`: read, check and publish forms, as the operator of this installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from access_portal.errors import GatehouseError
from access_portal.questionnaires import queries
from access_portal.questionnaires.canonical import fingerprint, readable
from access_portal.questionnaires.commands import publish_form
from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.families import Family, family_with_slug
from access_portal.questionnaires.parsing import parse_json


class Command(BaseCommand):
    """Whoever may run this holds the machine, so no role is asked for; what is published is on record all the same."""

    help = "List the forms of all families, show one, check a definition or publish it."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every form with its versions")
        show = verbs.add_parser("show", help="print the definition that is asked now, as JSON")
        show.add_argument("family", help="slug of a family, or house")
        check = verbs.add_parser("check", help="read a definition and say whether it can be published")
        check.add_argument("file", type=Path)
        publish = verbs.add_parser("publish", help="make a definition the form of a family, or of the house")
        publish.add_argument("family", nargs="?", default="house", help="slug of a family; without it, house")
        publish.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except GatehouseError as error:
            raise CommandError(f"{error.explanation} {error.remedy}".strip()) from error

    def _list(self, options: dict[str, Any]) -> None:
        for line in queries.all_lines():
            self.stdout.write(line.slug or "house")
            for version in line.versions:
                said = (
                    f"{version.published_at:%Y-%m-%d}  {version.sha256[:12]}  {version.published_by or 'the operator'}"
                )
                self.stdout.write(f"  {version.number:>3}  {said}")
            if not line.versions:
                self.stdout.write("  asks the house form")

    def _show(self, options: dict[str, Any]) -> None:
        family = _family(options["family"])
        version = queries.newest(None) if family is None else queries.current_form(family.pk)
        assert version is not None
        self.stdout.write(readable(version.definition), ending="")

    def _check(self, options: dict[str, Any]) -> None:
        document, definition = _read(options["file"])
        number = len(list(definition.questions()))
        self.stdout.write(
            f"Sound: {number} questions, {len(definition.checklist)} checks, sha256 {fingerprint(document)}"
        )

    def _publish(self, options: dict[str, Any]) -> None:
        document, _definition = _read(options["file"])
        now, family = timezone.now(), _family(options["family"])
        version = publish_form(family=family, definition=document, actor=None, now=now)
        said = "Published as" if version.published_at == now else "Nothing changed: this is already"
        self.stdout.write(f"{said} version {version.number} of the form of {options['family']}.")


def _family(slug: str) -> Family | None:
    return None if slug == "house" else family_with_slug(slug)


def _read(path: Path) -> tuple[dict[str, Any], Definition]:
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
