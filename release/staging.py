"""Bringing the files of a release into the store: checked before, hashed on the way, read again after."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.licences.models import LicenceVersion
from release.checkpoint import checkpoint_shape
from release.errors import ReleaseFilesError
from release.files import checkpoint_folder, collect
from release.layout_of import layout_of
from release.lifecycle import Command
from release.models import Artifact, Release, Variant
from release.restaging import back_to_staged
from release.sending import Known, bring_in
from release.standing import require_command
from release.verification import Progress, quiet

# Also a tag for Hub clients, so nothing that means another thing to them or to the API, nor what looks like a commit;
# short, for the audit log's sake.
VERSION = re.compile(r"(?!(?:main|latest|refs)$)[a-z0-9][a-z0-9._-]{0,19}")


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
    the store has already are not sent again, and an upload that was cut is taken up. Raises ReleaseFilesError,
    ReleaseStateError, PermissionRefusedError or StoreUnavailableError; then the release is as it was before.
    """
    _require_may_stage(Release.objects.filter(variant=variant, version=version).first(), actor, now)
    require_fit_version(version)
    _check_licence(variant, licence_version)
    files = collect(folder)
    _check_is_variant(variant, checkpoint_shape(checkpoint_folder(files), within=folder).dimensions)
    artifacts = [_artifact(known) for known in bring_in(files, variant.hub_repo, now, progress)]
    with transaction.atomic():
        release = _open(variant, version, licence_version, actor, now)
        release.licence_version, release.changelog = licence_version, changelog.strip()
        release.staged_by, release.staged_at = actor, now
        release.save()
        _replace_artifacts(release, artifacts)
        data = {"files": len(artifacts), "bytes": sum(artifact.size_bytes for artifact in artifacts)}
        record(audit_subject(release), "release_staged", actor=actor, now=now, data=data)
    return release


def _open(
    variant: Variant, version: str, licence_version: LicenceVersion, actor: User | None, now: datetime
) -> Release:
    """The row of the release, locked, as of one that was never verified; made if this is the first time."""
    release, made = Release.objects.get_or_create(
        variant=variant, version=version, defaults={"licence_version": licence_version}
    )
    rows = Release.objects.select_related("variant__family__weights_licence", "licence_version__licence")
    release = rows.select_for_update(of=("self",)).get(pk=release.pk)
    if not made:  # somebody may have changed it while the files were sent
        _require_may_stage(release, actor, now)
    back_to_staged(release)
    return release


def _replace_artifacts(release: Release, artifacts: list[Artifact]) -> None:
    release.artifacts.all().delete()
    for artifact in artifacts:
        artifact.release = release
    Artifact.objects.bulk_create(artifacts)


def _artifact(known: Known) -> Artifact:
    digests = known.prints.digests
    return Artifact(
        path=known.file.path,
        size_bytes=digests.size_bytes,
        sha256=digests.sha256,
        md5=digests.md5,
        git_sha1=known.prints.git_sha1,
        layout=layout_of(known.file.path),
        storage_key=known.key,
    )


def _require_may_stage(release: Release | None, actor: User | None, now: datetime) -> None:
    """Raises PermissionRefusedError or ReleaseStateError."""
    require_command(release, actor, Command.STAGE if release is None else Command.RESTAGE, now)


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


def require_fit_version(version: str) -> None:
    """Raises ReleaseFilesError for what cannot be the name of a version."""
    if not VERSION.fullmatch(version) or re.fullmatch(r"[0-9a-f]{20,}", version):
        raise ReleaseFilesError(
            "version_unfit",
            _("%r cannot be the name of a version.") % version[:60],
            _("Use up to 20 lower-case letters, digits, dots and hyphens, such as v1; not main, latest or refs."),
        )


def _check_licence(variant: Variant, licence_version: LicenceVersion) -> None:
    if licence_version.licence_id != variant.family.weights_licence_id:
        raise ReleaseFilesError(
            "other_licence",
            _("%(variant)s is not offered under %(licence)s.") % {"variant": variant, "licence": licence_version},
            _("Stage it under a version of its family's licence."),
        )
