"""Signing what was published before this installation had a key."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from release.lifecycle import Command
from release.models import Release
from release.publisher_keys import signature_for
from release.publishing.step import advance, locked
from release.standing import Actor


def sign_release(*, release: Release, actor: Actor, now: datetime) -> Release:
    """Sign the manifest as it was published, once. Raises ReleaseStateError or PermissionRefusedError."""
    with transaction.atomic():
        row = locked(release, actor, Command.SIGN, now)
        row.signature = signature_for(row)
        advance(row, actor, Command.SIGN, now, {"manifest_sha256": row.manifest_sha256})
    return row
