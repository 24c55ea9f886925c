"""The verbs of `manage.py release` that change a release: each gives one command and says what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from release import publishing
from release.lifecycle import State
from release.management.naming import (
    licence_version_named,
    moment_named,
    name_of,
    person_named,
    release_named,
    variant_named,
)
from release.management.progress import ProgressLine
from release.models import OPEN_STATES, Release
from release.staging import stage_release
from release.store_checks import repair_command
from release.verification import damages


def stage(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, folder: Path, changelog: str, licence: str,
    person: str, **_: Any,
) -> None:  # fmt: skip
    variant = variant_named(model)
    with ProgressLine(err, "Staging") as progress:
        release = stage_release(
            variant=variant,
            version=version,
            folder=folder,
            licence_version=licence_version_named(variant, licence),
            actor=person_named(person),
            now=timezone.now(),
            changelog=changelog,
            progress=progress,
        )
    artifacts = list(release.artifacts.all())
    for artifact in artifacts:
        out.write(f"{artifact.sha256}  {artifact.path}  {artifact.size_bytes:,} bytes")
    out.write(f"{release} is staged: {len(artifacts)} files. Next: release verify {model} {version}")


def verify(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, person: str, **_: Any) -> None:
    """What is not published yet becomes verified; of what is, it is only told whether it is whole."""
    release = release_named(model, version)
    if release.state not in OPEN_STATES or release.state == State.SCHEDULED:
        return _only_read(out, err, release)
    with ProgressLine(err, "Verifying") as progress:
        publishing.verify_release(release=release, actor=person_named(person), now=timezone.now(), progress=progress)
    out.write(f"{release} is verified: all {release.artifacts.count()} files are whole.")
    return None


def publish(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, person: str, **_: Any) -> None:
    release = release_named(model, version)
    with ProgressLine(err, "Verifying") as progress:
        done = publishing.publish_release(
            release=release, actor=person_named(person), now=timezone.now(), progress=progress
        )
    out.write(f"{done} is published and signed. Its commit is {done.commit}.")


def schedule(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, moment: str, person: str, **_: Any
) -> None:
    done = publishing.schedule_release(
        release=release_named(model, version),
        publish_at=moment_named(moment),
        actor=person_named(person),
        now=timezone.now(),
    )
    out.write(f"{done} is scheduled: the clock publishes it at {done.publish_at:%Y-%m-%d %H:%M %Z}.")


def unschedule(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, person: str, **_: Any) -> None:
    release = release_named(model, version)
    done = publishing.unschedule_release(release=release, actor=person_named(person), now=timezone.now())
    out.write(f"{done} is off the schedule. It stays verified.")


def deprecate(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, reason: str, successor: str, person: str,
    **_: Any,
) -> None:  # fmt: skip
    """The successor is a version of the same model, or `FAMILY/VARIANT@VERSION` of another size."""
    other_model, at, other_version = successor.rpartition("@")
    better = release_named(other_model if at else model, other_version) if successor else None
    done = publishing.deprecate_release(
        release=release_named(model, version),
        reason=reason,
        successor=better,
        actor=person_named(person),
        now=timezone.now(),
    )
    out.write(f"{done} is deprecated. It can still be had; those who fetched it within a year are told.")


def withdraw(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, reason: str, person: str, **_: Any
) -> None:
    done = publishing.withdraw_release(
        release=release_named(model, version), reason=reason, actor=person_named(person), now=timezone.now()
    )
    out.write(f"{done} is withdrawn. No more links are made for it; people who downloaded it are told.")


def sign(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, person: str, **_: Any) -> None:
    release = release_named(model, version)
    done = publishing.sign_release(release=release, actor=person_named(person), now=timezone.now())
    out.write(f"{done} is signed.")


def _only_read(out: OutputWrapper, err: OutputWrapper, release: Release) -> None:
    artifacts = list(release.artifacts.all())
    with ProgressLine(err, "Verifying") as progress:
        found = list(damages(artifacts, progress))
    for damage in found:
        err.write(f"{damage.path} {damage.problem}")
    if found:
        cure = repair_command(release)
        told = f" Where there is a copy of the files, {cure} puts them back." if cure else ""
        raise CommandError(f"{name_of(release)}: {len(found)} of {len(artifacts)} files are not what was staged.{told}")
    out.write(f"{release}: all {len(artifacts)} files are whole.")
