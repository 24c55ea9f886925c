"""`manage.py release stage | publish | withdraw | verify | list`: exit status 0 done, 1 refused or damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from access_portal.errors import GatehouseError
from access_portal.licences.models import LicenceVersion
from access_portal.licences.queries import current_version
from release.management.progress import ProgressLine
from release.models import Release, Variant
from release.publishing import publish_release, withdraw_release
from release.queries import get_variant
from release.staging import stage_release
from release.verification import damages


class Command(BaseCommand):
    help = "Stage the files of a release, publish it, check it against the store, withdraw it."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        stage = actions.add_parser("stage", help="check the files of a folder and bring them into the store")
        publish = actions.add_parser("publish", help="verify a staged release and publish it for good")
        withdraw = actions.add_parser("withdraw", help="make no more links to a published release")
        verify = actions.add_parser("verify", help="read every byte in the store and compare the hashes")
        for action in (stage, publish, withdraw, verify):
            action.add_argument("model", metavar="FAMILY/VARIANT")
            action.add_argument("version")
        stage.add_argument("folder", type=Path)
        stage.add_argument("--changelog", default="", help="what is new, for people who have the last version")
        stage.add_argument(
            "--licence", default="", metavar="NUMBER", help="licence version; the current one unless told"
        )
        withdraw.add_argument("--reason", required=True, help="people who downloaded it will read this")
        actions.add_parser("list", help="show every release and its state")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except GatehouseError as error:
            raise CommandError(f"{error.explanation} {error.remedy}".strip()) from error

    def _stage(self, model: str, version: str, folder: Path, changelog: str, licence: str, **_: Any) -> None:
        variant = _variant(model)
        with ProgressLine(self.stderr, "Staging") as progress:
            release = stage_release(
                variant=variant,
                version=version,
                folder=folder,
                licence_version=_licence_version(variant, licence),
                actor=None,
                now=timezone.now(),
                changelog=changelog,
                progress=progress,
            )
        artifacts = list(release.artifacts.all())
        for artifact in artifacts:
            self.stdout.write(f"{artifact.sha256}  {artifact.path}  {artifact.size_bytes:,} bytes")
        self.stdout.write(
            f"{release} is staged: {len(artifacts)} files. Publish it with: release publish {model} {version}"
        )

    def _publish(self, model: str, version: str, **_: Any) -> None:
        release = _release(model, version)
        with ProgressLine(self.stderr, "Verifying") as progress:
            published = publish_release(release=release, actor=None, now=timezone.now(), progress=progress)
        self.stdout.write(f"{published} is published. Its commit is {published.commit}.")

    def _withdraw(self, model: str, version: str, reason: str, **_: Any) -> None:
        release = withdraw_release(release=_release(model, version), reason=reason, actor=None, now=timezone.now())
        self.stdout.write(f"{release} is withdrawn. No more links are made for it; people who downloaded it are told.")

    def _verify(self, model: str, version: str, **_: Any) -> None:
        release = _release(model, version)
        artifacts = list(release.artifacts.all())
        with ProgressLine(self.stderr, "Verifying") as progress:
            found = list(damages(artifacts, progress))
        for damage in found:
            self.stderr.write(f"{damage.path} {damage.problem}")
        if found:
            raise CommandError(f"{release}: {len(found)} of {len(artifacts)} files are not what was staged.")
        self.stdout.write(f"{release}: all {len(artifacts)} files are whole.")

    def _list(self, **_: Any) -> None:
        for release in Release.objects.select_related("variant__family").order_by("variant__model_id", "pk"):
            name = f"{release.variant.family.slug}/{release.variant.slug}"
            when = f"{release.published_at:%Y-%m-%d}" if release.published_at else "-"
            self.stdout.write(
                f"{name}  {release.version}  {release.get_state_display()}  {when}  {release.commit or '-'}"
            )


def _variant(model: str) -> Variant:
    family, slash, variant = model.partition("/")
    if not slash:
        raise CommandError(f"Name the model as FAMILY/VARIANT, for example llama/7b, not {model!r}.")
    return get_variant(family, variant)


def _release(model: str, version: str) -> Release:
    variant = _variant(model)
    release = Release.objects.filter(variant=variant, version=version).first()
    if release is None:
        raise CommandError(f"{variant} has no release {version!r}. `release list` shows what there is.")
    return release


def _licence_version(variant: Variant, number: str) -> LicenceVersion:
    licence = variant.family.weights_licence
    version = licence.versions.filter(number=number).first() if number else current_version(licence)
    if version is None:
        raise CommandError(f"{licence} has no version {number}." if number else f"{licence} has no text yet.")
    return version
