"""Putting the very same bytes back where the store damaged or lost them, from a copy that an operator has."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.outbox.commands import queue_mail
from release.errors import ReleaseFilesError
from release.files import LocalFile, find, require_folder
from release.fingerprint import fingerprint
from release.lifecycle import Command
from release.models import Artifact, Release, StoreCheck
from release.publishing.step import advance, locked, require_seen, unlocked
from release.sending import bring_in
from release.staging import audit_subject
from release.standing import Actor, require_command
from release.store_checks import MOST_NAMED, as_rows, check_store, concerned, known_damage, last_check
from release.verification import Counted, Damage, Progress, damages, quiet


@dataclass(frozen=True)
class Repair:
    """The paths that were damaged and are whole again, and the check that says what is damaged still."""

    mended: Sequence[str]
    check: StoreCheck


def repair_release(
    *, release: Release, folder: Path, actor: Actor, now: datetime, progress: Progress = quiet
) -> Repair:
    """Read the whole release in the store, and fill the keys of its damaged files again from those in `folder`.

    Nothing is sent unless all of them are there as they were promised. Whoever is told of damage is told of its end.
    Raises ReleaseFilesError, ReleaseStateError, PermissionRefusedError or StoreUnavailableError; then the store may
    have some of the files already, and they need not be sent again.
    """
    seen = unlocked(release)
    require_command(seen, actor, Command.REPAIR, now)
    require_folder(folder)
    known = known_damage(seen)
    check = check_store(seen, now, progress)
    broken = {row["path"] for row in check.damages}
    damaged = [artifact for artifact in seen.artifacts.all() if artifact.path in broken]
    began, counted = time.monotonic(), Counted(progress)
    _send(seen, folder, damaged, check.ended_at, progress)
    left = list(damages(damaged, counted))
    ended_at = check.ended_at + timedelta(seconds=time.monotonic() - began)
    mended = sorted((known | broken) - {damage.path for damage in left})
    if not mended:
        return Repair(mended, check)
    with transaction.atomic():
        row = locked(seen, actor, Command.REPAIR, ended_at)
        require_seen(release=row, staged_at=seen.staged_at)
        last = _read_again(row, check, left, ended_at, counted.size_bytes)
        advance(row, actor, Command.REPAIR, ended_at, {"repaired": mended[:MOST_NAMED]})
        _tell(row, mended, len(last.damages), ended_at)
    return Repair(mended, last)


def _send(release: Release, folder: Path, damaged: Sequence[Artifact], now: datetime, progress: Progress) -> None:
    """Raises ReleaseFilesError that names every file of which there is no sound copy; then nothing was sent."""
    files: list[LocalFile] = []
    problems: list[str] = []
    for artifact in damaged:
        try:
            files.append(_sound_copy(folder, artifact))
        except ReleaseFilesError as error:
            problems.append(error.explanation)
    if problems:
        head = _("%(folder)s does not hold the damaged files of %(release)s as they were, so nothing was sent:")
        raise ReleaseFilesError(
            "copy_unfit",
            "\n- ".join([head % {"folder": folder, "release": release}, *problems]),
            _("Name a folder that holds these files at the same paths, each byte as it was when they were staged."),
        )
    if damaged:  # of one staging, so all under one prefix: what it was then, whatever the catalogue says now
        bring_in(files, _prefix(damaged[0]), now, progress)


def _sound_copy(folder: Path, artifact: Artifact) -> LocalFile:
    """Raises ReleaseFilesError unless the file is there, byte for byte."""
    file = find(folder, artifact.path)
    if file.size_bytes != artifact.size_bytes:
        raise _other(artifact, f"has {file.size_bytes:,} bytes instead of {artifact.size_bytes:,}")
    sha256 = fingerprint(file).digests.sha256
    if sha256 != artifact.sha256:
        raise _other(artifact, f"has SHA-256 {sha256} instead of {artifact.sha256}")
    return file


def _other(artifact: Artifact, problem: str) -> ReleaseFilesError:
    return ReleaseFilesError("copy_unfit", f"{artifact.path!r} {problem}.", path=artifact.path)


def _prefix(artifact: Artifact) -> str:
    return artifact.storage_key.removesuffix(f"/{artifact.sha256}/{PurePosixPath(artifact.path).name}")


def _read_again(
    release: Release, check: StoreCheck, left: Sequence[Damage], ended_at: datetime, read_bytes: int
) -> StoreCheck:
    """Write down what is damaged still; also what somebody else who read the release meanwhile found."""
    ours, latest = {row["path"] for row in check.damages}, last_check(release) or check
    return StoreCheck.objects.create(
        release=release,
        began_at=check.began_at,
        ended_at=ended_at,
        read_bytes=check.read_bytes + read_bytes,
        damages=[*(row for row in latest.damages if row["path"] not in ours), *as_rows(left)],
    )


def _tell(release: Release, mended: Sequence[str], left: int, now: datetime) -> None:
    context = {
        "release": str(release),
        "mended": mended[:MOST_NAMED],
        "more": len(mended[MOST_NAMED:]),
        "left": left,
        "path": reverse("office_release", args=[release.variant.model_id, release.version]),
    }
    for user in concerned():
        queue_mail(template="release_repaired", context=context, user=user, now=now, about=audit_subject(release))
