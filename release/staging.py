"""Bringing the files of a release into the store: checked before, hashed on the way, read again after."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants.policy import Action, Office, require
from access_portal.licences.models import LicenceVersion
from release.checkpoint import checkpoint_shape
from release.client.hashing import Digests, digests_of, file_chunks
from release.errors import ReleaseFilesError, ReleaseStateError
from release.files import LocalFile, checkpoint_folder, collect
from release.models import Artifact, Release, Variant
from release.storage import weights_store
from release.verification import Progress, quiet, stored_digests, watched

# Also a tag for Hub clients, so neither `main` nor anything that looks like a commit; short, for the audit log's sake.
VERSION = re.compile(r"(?!main$)[a-z0-9][a-z0-9._-]{0,19}")


def audit_subject(release: Release) -> str:
    """How the event log calls a release: `release:llama-7b@v1`."""
    return f"release:{release.variant.model_id}@{release.version}"


def stage_release(
    *,
    variant: Variant,
    version: str,
    folder: Path,
    licence_version: LicenceVersion,
    actor: User | None,
    now: datetime,
    changelog: str = "",
    progress: Progress = quiet,
) -> Release:
    """Store every file of `folder` and note it under a release that nobody outside sees yet.

    `actor` None is the operator at the command line. Staging the same version again replaces what it held; files that
    the store has already are not sent again. Raises ReleaseFilesError, ReleaseStateError, PermissionRefusedError or
    StoreUnavailableError; then no row has changed.
    """
    if actor is not None:
        require(actor, Action.MANAGE_RELEASES, Office(), now)
    _check_version(version)
    _check_licence(variant, licence_version)
    _refuse_unless_staged(Release.objects.filter(variant=variant, version=version).first())
    files = collect(folder)
    _check_is_variant(variant, checkpoint_shape(checkpoint_folder(files)).dimensions)
    artifacts = [_store(variant, file, progress) for file in files]
    with transaction.atomic():
        release = _open(variant, version, licence_version)
        release.licence_version, release.changelog = licence_version, changelog.strip()
        release.staged_by, release.staged_at = actor, now
        release.save()
        _replace_artifacts(release, artifacts)
        data = {"files": len(artifacts), "bytes": sum(artifact.size_bytes for artifact in artifacts)}
        record(audit_subject(release), "release_staged", actor=actor, now=now, data=data)
    return release


def _open(variant: Variant, version: str, licence_version: LicenceVersion) -> Release:
    """The row of the release, locked; made if this is the first time."""
    release, _made = Release.objects.get_or_create(
        variant=variant, version=version, defaults={"licence_version": licence_version}
    )
    release = Release.objects.select_for_update().get(pk=release.pk)
    _refuse_unless_staged(release)
    release.variant = variant
    return release


def _replace_artifacts(release: Release, artifacts: list[Artifact]) -> None:
    release.artifacts.all().delete()
    for artifact in artifacts:
        artifact.release = release
    Artifact.objects.bulk_create(artifacts)


def _store(variant: Variant, file: LocalFile, progress: Progress) -> Artifact:
    """The row for a file that the store now holds under a key made of its own hash, so that nothing is overwritten."""
    digests = digests_of(file_chunks(file.source))
    key = f"{variant.hub_repo}/{digests.sha256}/{file.name}"
    if stored_digests(key, file.path, progress, most_bytes=digests.size_bytes) != digests:
        _upload(file, key, digests, progress)
    return Artifact(
        path=file.path, size_bytes=digests.size_bytes, sha256=digests.sha256, md5=digests.md5, storage_key=key
    )


def _upload(file: LocalFile, key: str, digests: Digests, progress: Progress) -> None:
    chunks = watched(file_chunks(file.source), file.path, progress)
    store = weights_store()
    store.put_stream(key, chunks, file.content_type, filename=file.name, size_hint=digests.size_bytes)
    if stored_digests(key, file.path, most_bytes=digests.size_bytes) != digests:
        store.delete(key)
        raise ReleaseFilesError(
            "file_changed",
            _("%s in the store is not what was read from the folder before.") % file.path,
            _("Make sure that nothing writes to the folder, then stage again."),
            path=file.path,
        )


def _check_is_variant(variant: Variant, shape: dict[str, int]) -> None:
    for name, found in shape.items():
        expected = getattr(variant, name)
        if found != expected:
            raise ReleaseFilesError(
                "other_variant",
                _("These weights are not %(variant)s: %(name)s is %(found)s instead of %(expected)s.")
                % {"variant": variant, "name": name, "found": f"{found:,}", "expected": f"{expected:,}"},
                _("Name the variant that they belong to. The catalogue's numbers are in its data file."),
            )


def _check_version(version: str) -> None:
    if not VERSION.fullmatch(version) or re.fullmatch(r"[0-9a-f]{20,}", version):
        raise ReleaseFilesError(
            "version_unfit",
            _("%r cannot be the name of a version.") % version[:60],
            _("Use up to 20 lower-case letters, digits, dots and hyphens, such as v1 or v1.1; not main."),
        )


def _check_licence(variant: Variant, licence_version: LicenceVersion) -> None:
    if licence_version.licence_id != variant.family.weights_licence_id:
        raise ReleaseFilesError(
            "other_licence",
            _("%(variant)s is not offered under %(licence)s.") % {"variant": variant, "licence": licence_version},
            _("Stage it under a version of its family's licence."),
        )


def _refuse_unless_staged(release: Release | None) -> None:
    if release is not None and release.state != Release.State.STAGED:
        raise ReleaseStateError(
            "release_final",
            _("%s was published and never changes.") % release,
            _("Stage the files under a new version."),
        )
