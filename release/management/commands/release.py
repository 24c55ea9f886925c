"""`manage.py release VERB ...`: the whole life of a release at the command line, where the files are.

Exit status: 0 done, 1 refused or damaged, 2 not a command like this, 3 the store did not answer as it should.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from access_portal.errors import GatehouseError
from release.management import changing, converting, describing, storing, telling
from release.management.refusing import refusal

VERBS: Mapping[str, tuple[Callable[..., None], str]] = {
    "convert": (converting.convert, "write the other layout of a folder's weights: Meta's or Hugging Face's"),
    "card": (describing.card, "write the model card, from the catalogue, as README.md of a folder"),
    "stage": (changing.stage, "check the files of a folder and bring them into the store"),
    "verify": (changing.verify, "read every byte in the store and compare the hashes"),
    "verify-store": (storing.verify_store, "read every byte in the store again, and tell whom damage concerns"),
    "repair": (storing.repair, "put back what the store damaged or lost, from a copy of the files"),
    "publish": (changing.publish, "publish a release for good; one that is only staged is verified first"),
    "schedule": (changing.schedule, "let the clock publish a verified release at a moment (embargo)"),
    "unschedule": (changing.unschedule, "take a release off the schedule"),
    "deprecate": (changing.deprecate, "say what to use instead of a release, which can still be had"),
    "withdraw": (changing.withdraw, "make no more links to a published release"),
    "sign": (changing.sign, "sign a release that was published before there was a key"),
    "show": (telling.show, "tell all about one release"),
    "diff": (telling.diff, "tell what changed between two versions of a model"),
    "drill": (telling.drill, "rehearse a withdrawal: who would be told and what would stop; changes nothing"),
    "list": (telling.list_releases, "show every release and its state"),
    "key": (telling.key, "print a new private key on one line; keep it where secrets are kept"),
    "public": (telling.public, "print the public keys, as GATEHOUSE_RELEASE_OLD_KEYS takes them"),
}
CHANGING = ("stage", "verify", "repair", "publish", "schedule", "unschedule", "deprecate", "withdraw", "sign")
OF_ONE = (*CHANGING, "card", "show", "diff", "drill")


class Command(BaseCommand):
    help = "Stage the files of a release, verify, publish, schedule, deprecate, withdraw it, and tell about it."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="VERB")
        verbs: dict[str, ArgumentParser] = {name: actions.add_parser(name, help=it[1]) for name, it in VERBS.items()}
        for name in OF_ONE:
            verbs[name].add_argument("model", metavar="FAMILY/VARIANT")
            verbs[name].add_argument("version")
        for name in CHANGING:
            verbs[name].add_argument("--as", dest="person", default="", metavar="USERNAME", help="who you are")
        _add_details(verbs)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            VERBS[action][0](self.stdout, self.stderr, **options)
        except GatehouseError as error:
            raise refusal(error) from error


def _add_conversion(convert: ArgumentParser) -> None:
    convert.add_argument("folder", type=Path)
    convert.add_argument("--to", dest="layout", required=True, choices=("hf", "meta"))
    convert.add_argument("--out", dest="target", type=Path, metavar="FOLDER", help="elsewhere than in the same folder")
    convert.add_argument("--shards", type=int, default=1, help="of Meta's layout: 1, 2, 4 or 8")
    convert.add_argument(
        "--context", type=converting.positive, metavar="TOKENS", help="where params.json does not say it; else 2048"
    )


def _add_details(verbs: Mapping[str, ArgumentParser]) -> None:
    _add_conversion(verbs["convert"])
    stage, deprecate = verbs["stage"], verbs["deprecate"]
    for verb in (verbs["card"], stage):
        verb.add_argument("folder", type=Path)
        verb.add_argument("--changelog", default="", help="what is new, for people who have the last version")
        verb.add_argument(
            "--licence", default="", metavar="NUMBER", help="licence version; the current one unless told"
        )
    verbs["repair"].add_argument("folder", type=Path, help="with the files that were staged, or the damaged ones alone")
    verbs["schedule"].add_argument("moment", help="such as 2026-11-30T09:00Z")
    deprecate.add_argument("--reason", required=True, help="people who fetched it will read this")
    deprecate.add_argument(
        "--use", dest="successor", default="", metavar="VERSION",
        help="what to use instead: a version, or FAMILY/VARIANT@VERSION",
    )  # fmt: skip
    verbs["withdraw"].add_argument("--reason", required=True, help="people who downloaded it will read this")
    verbs["verify-store"].add_argument("names", nargs="*", metavar="FAMILY/VARIANT VERSION", default=[])
    verbs["verify-store"].add_argument("--all", dest="every", action="store_true", help="all but withdrawn releases")
    verbs["diff"].add_argument("other", metavar="OTHER-VERSION")
