"""Making download links: one file, one person, fifteen minutes at most, asked of the policy at that very moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Actor, require
from access_portal.grants.queries import rights_of
from release.client.paths import path_problem
from release.errors import ReleaseNotFoundError
from release.models import Artifact, Mint, Release
from release.queries import policy_model
from release.staging import audit_subject
from release.storage import weights_store

LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Link:
    """A link that anyone who has it can use until `expires_at`; it is never mailed and never logged."""

    url: str
    size_bytes: int
    sha256: str
    expires_at: datetime


def mint(*, actor: Actor, release: Release, path: str, address: str | None, user_agent: str, now: datetime) -> Link:
    """Make a link to one file and put on record for whom, and under which grant.

    Raises PermissionRefusedError in the policy's words before anything is told about the files, ReleaseNotFoundError
    for a file that the release does not have, StoreUnavailableError.
    """
    with transaction.atomic():
        granted = _granted(actor, release, now)
        assert isinstance(actor, User)
        artifact = find_artifact(release, path)
        seconds = lifetime_seconds(granted, now)
        url = weights_store().presign_get(artifact.storage_key, seconds, PurePosixPath(artifact.path).name)
        link = Link(url, artifact.size_bytes, artifact.sha256, now + timedelta(seconds=seconds))
        Mint.objects.create(
            artifact=artifact,
            user=actor,
            grant=granted,
            minted_at=now,
            expires_at=link.expires_at,
            address=address,
            user_agent=_printable(user_agent),
        )
        data = {"release": audit_subject(release), "path": artifact.path, "sha256": artifact.sha256}
        record(f"grant:{granted.number}", "download_link_made", actor=actor, now=now, data=data)
    return link


def find_artifact(release: Release, path: str) -> Artifact:
    """The file at exactly this path; raises ReleaseNotFoundError."""
    artifact = None if path_problem(path) else release.artifacts.filter(path=path).first()
    if artifact is None:
        raise ReleaseNotFoundError(
            "file_not_found", _("%s has no such file.") % release, _("Its page lists all of its files.")
        )
    return artifact


def lifetime_seconds(grant: Grant, now: datetime) -> int:
    """How long a link may live: as set, at most fifteen minutes, and never beyond the grant's end."""
    left = int((grant.ends_at - now).total_seconds())
    return max(1, min(settings.DOWNLOAD_URL_SECONDS, LONGEST_SECONDS, left))


def _granted(actor: Actor, release: Release, now: datetime) -> Grant:
    """The grant that this rests on, locked, and the release read afresh.

    A revocation or withdrawal that was committed before is seen, one that comes later waits for this link; so does
    the removal of a lab's member, which locks the grant.
    """
    if isinstance(actor, User):
        list(rights_of(actor, release.variant.family_id).select_for_update(of=("self",)).order_by("pk"))
    _hold(release)
    release.refresh_from_db(fields=["state"])
    granted = require(actor, Action.DOWNLOAD, policy_model(release), now)
    assert granted.grant is not None
    return granted.grant


def _hold(release: Release) -> None:
    """Links to one release are made side by side, its withdrawal waits for them; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM release_release WHERE id = %s FOR SHARE", [release.pk])


def _printable(user_agent: str) -> str:
    return "".join(character for character in user_agent if character.isprintable())[:200]
