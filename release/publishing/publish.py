"""Publishing: the manifest is made and signed, and from then on nothing of the release changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from access_portal.applications.conditions import Clock
from release.client import manifest
from release.lifecycle import Command, State
from release.models import Artifact, Release
from release.publisher_keys import signature_for
from release.publishing.step import advance, files_changed, locked, person, unlocked
from release.publishing.verifying import Reading, mark_verified, read_again
from release.standing import Actor, require_command
from release.verification import Progress, quiet


def publish_release(*, release: Release, actor: Actor, now: datetime, progress: Progress = quiet) -> Release:
    """Let everybody who may have the release have it, from now on and unchanged.

    One that nobody has verified yet is verified first, and the clock always reads again what was scheduled. `actor`
    None is the operator at the command line. Raises ReleaseStateError with the code of what is in the way,
    ReleaseFilesError naming the damaged file, PermissionRefusedError or StoreUnavailableError.
    """
    seen = unlocked(release)
    require_command(seen, actor, Command.PUBLISH, now)
    reading = None
    if seen.state == State.STAGED or isinstance(actor, Clock):
        reading = read_again(seen, progress)
        reading.require_whole()
    with transaction.atomic():
        row = locked(release, actor, Command.PUBLISH, now)
        _require_read(row, reading)
        if row.state == State.STAGED:
            mark_verified(row, actor, now)
        seal(row, actor, now)
        data = {"manifest_sha256": row.manifest_sha256, "commit": row.commit, "files": row.artifacts.count()}
        advance(row, actor, Command.PUBLISH, now, data)
    return row


def seal(row: Release, actor: Actor, now: datetime) -> None:
    """Set manifest, commit, date and signature."""
    encoded = manifest.encode(manifest_of(row, row.artifacts.all()))
    row.manifest, row.manifest_sha256 = encoded.decode(), manifest.digest(encoded)
    row.commit = manifest.commit(encoded)
    row.published_by, row.published_at = row.scheduled_by if isinstance(actor, Clock) else person(actor), now
    row.signature = signature_for(row)


def manifest_of(release: Release, artifacts: Iterable[Artifact]) -> manifest.Manifest:
    """What the manifest says of a release with these files."""
    version = release.licence_version
    return manifest.Manifest(
        model=release.variant.model_id,
        version=release.version,
        licence=manifest.LicenceText(version.licence.slug, version.number, version.sha256),
        files=tuple(
            manifest.File(each.path, each.size_bytes, each.sha256, each.md5, manifest.Layout(each.layout))
            for each in artifacts
        ),
    )


def _require_read(row: Release, reading: Reading | None) -> None:
    """What was staged while we looked elsewhere was read by nobody; raises ReleaseStateError `release_changed`."""
    if reading is not None:
        reading.require_same(row)
    elif row.state == State.STAGED:
        raise files_changed()
