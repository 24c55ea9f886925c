"""Reading every byte of a release again before it is believed, at once or when the clock gets to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.audit.commands import record
from release.errors import ReleaseFilesError
from release.lifecycle import Command
from release.models import Artifact, Release
from release.publishing.step import advance, files_changed, locked, person, unlocked
from release.restaging import back_to_staged
from release.staging import audit_subject
from release.standing import Actor, require_command
from release.verification import Damage, Progress, damages, quiet


@dataclass(frozen=True)
class Reading:
    """What the store gave for these very files."""

    artifacts: Sequence[Artifact]
    damages: Sequence[Damage]

    def require_whole(self) -> None:
        """Raises ReleaseFilesError that names the first damaged file."""
        for damage in self.damages:
            raise ReleaseFilesError(
                "stored_file_damaged",
                f"{damage.path} {damage.problem}.",
                _("Stage the release again; only the files that differ are sent."),
                path=damage.path,
            )

    def require_same(self, release: Release) -> None:
        """Raises ReleaseStateError unless the release, locked, still has the files that were read."""
        now = [(each.pk, each.sha256) for each in release.artifacts.all()]
        if [(each.pk, each.sha256) for each in self.artifacts] != now:
            raise files_changed()


def read_again(release: Release, progress: Progress) -> Reading:
    """Read and hash every byte in the store; raises StoreUnavailableError. Takes as long as the release is large."""
    artifacts = list(release.artifacts.all())
    return Reading(artifacts, list(damages(artifacts, progress)))


def verify_release(*, release: Release, actor: Actor, now: datetime, progress: Progress = quiet) -> Release:
    """Read all files again and note who found them whole; a damaged one takes the release back to staged.

    Raises ReleaseFilesError naming the damaged file, ReleaseStateError, PermissionRefusedError, StoreUnavailableError.
    """
    seen = unlocked(release)
    require_command(seen, actor, Command.VERIFY, now)
    reading = read_again(seen, progress)
    with transaction.atomic():
        row = locked(release, actor, Command.FALL_BACK if reading.damages else Command.VERIFY, now)
        reading.require_same(row)
        if reading.damages:
            back_to_staged(row)
            found = [damage.path for damage in reading.damages]
            advance(row, actor, Command.FALL_BACK, now, {"damaged": found})
        else:
            mark_verified(row, actor, now)
            advance(row, actor, Command.VERIFY, now, {"files": len(reading.artifacts)})
    reading.require_whole()
    return row


def mark_verified(row: Release, actor: Actor, now: datetime) -> None:
    """Set the fields that say by whom the files were found whole."""
    row.verified_at, row.verified_by = now, person(actor)
    row.verification_asked_at = row.verification_asked_by = None


def ask_verification(*, release: Release, actor: Actor, now: datetime) -> Release:
    """Leave it to the clock to verify: for pages, whose readers cannot wait until 200 GB are read.

    Asking again changes nothing. Raises ReleaseStateError and PermissionRefusedError.
    """
    with transaction.atomic():
        row = locked(release, actor, Command.VERIFY, now)
        if row.verification_asked_at is None:
            row.verification_asked_at, row.verification_asked_by = now, person(actor)
            row.save(update_fields=["verification_asked_at", "verification_asked_by"])
            record(audit_subject(row), "release_verification_asked", actor=person(actor), now=now)
    return row
