"""The verbs of `manage.py release` about the store: reading it again, and putting back what it damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from release.management.naming import person_named, release_named
from release.management.progress import ProgressLine
from release.models import Release
from release.repairing import repair_release
from release.store_checks import check_store, repair_command


def verify_store(out: OutputWrapper, err: OutputWrapper, *, names: list[str], every: bool, **_: Any) -> None:
    """Read every byte again and write down what was found; what is damaged is told to whom it concerns as well."""
    if every == bool(names) or len(names) not in (0, 2):
        raise CommandError("Name one release as FAMILY/VARIANT VERSION, or give --all.")
    damaged = 0
    for release in _kept() if every else [release_named(*names)]:
        with ProgressLine(err, "Reading") as progress:
            check = check_store(release, timezone.now(), progress)
        for row in check.damages:
            err.write(f"{release}: {row['path']} {row['problem']}")
        if check.damages and repair_command(release):
            err.write(f"{release}: where there is a copy of the files, {repair_command(release)} puts them back.")
        damaged += len(check.damages)
        out.write(f"{release}: {len(check.damages)} damaged, {check.read_bytes:,} bytes read.")
    if damaged:
        raise CommandError(f"{damaged} files in the store are not what they should be.")


def repair(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, folder: Path, person: str, **_: Any
) -> None:
    release = release_named(model, version)
    with ProgressLine(err, "Repairing") as progress:
        done = repair_release(
            release=release, folder=folder, actor=person_named(person), now=timezone.now(), progress=progress
        )
    for path in done.mended:
        out.write(f"{path} is whole again")
    for row in done.check.damages:
        err.write(f"{row['path']} {row['problem']}")
    if done.check.damages:
        raise CommandError(f"{release}: {len(done.check.damages)} files are damaged still. Look at the store.")
    files = release.artifacts.count()
    out.write(f"{release}: all {files} files are whole." if done.mended else f"{release}: nothing is damaged.")


def _kept() -> list[Release]:
    """All whose files the store has to have."""
    releases = Release.objects.exclude(state=Release.State.WITHDRAWN).select_related("variant__family")
    return list(releases.order_by("variant__model_id", "pk"))
