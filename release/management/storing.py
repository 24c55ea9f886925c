"""The verb of `manage.py release` that reads the store."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from release.management.naming import release_named
from release.management.progress import ProgressLine
from release.models import Release
from release.store_checks import check_store


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
        damaged += len(check.damages)
        out.write(f"{release}: {len(check.damages)} damaged, {check.read_bytes:,} bytes read.")
    if damaged:
        raise CommandError(f"{damaged} files in the store are not what they should be.")


def _kept() -> list[Release]:
    """All whose files the store has to have."""
    releases = Release.objects.exclude(state=Release.State.WITHDRAWN).select_related("variant__family")
    return list(releases.order_by("variant__model_id", "pk"))
