"""Publishing a staged release, and withdrawing a published one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action, Office, require
from access_portal.licences.queries import current_version
from access_portal.outbox.commands import queue_mail
from release.client import manifest
from release.errors import ReleaseFilesError, ReleaseStateError
from release.models import Artifact, Release
from release.staging import audit_subject
from release.verification import Damage, Progress, damages, quiet


def publish_release(*, release: Release, actor: User | None, now: datetime, progress: Progress = quiet) -> Release:
    """Let everybody who may have the release have it, from now on and unchanged.

    Every byte in the store is read and hashed once more first. `actor` None is the operator at the command line.
    Raises ReleaseStateError unless it is staged under the current licence text, ReleaseFilesError naming the damaged
    file, PermissionRefusedError or StoreUnavailableError.
    """
    if actor is not None:
        require(actor, Action.MANAGE_RELEASES, Office(), now)
    _check_publishable(release)
    artifacts = list(release.artifacts.all())
    _refuse_damaged(damages(artifacts, progress))
    with transaction.atomic():
        locked = _locked(release)
        _check_publishable(locked)
        _check_same(artifacts, list(locked.artifacts.all()))
        encoded = manifest.encode(manifest_of(locked, artifacts))
        locked.manifest, locked.manifest_sha256 = encoded.decode(), manifest.digest(encoded)
        locked.commit = manifest.commit(encoded)
        locked.state, locked.published_by, locked.published_at = Release.State.PUBLISHED, actor, now
        locked.save()
        data = {"manifest_sha256": locked.manifest_sha256, "files": len(artifacts)}
        record(audit_subject(locked), "release_published", actor=actor, now=now, data=data)
    return locked


def withdraw_release(*, release: Release, reason: str, actor: User | None, now: datetime) -> Release:
    """Make no link to it any more, from this moment; its page stays and says why, and who downloaded it is told.

    Raises ReleaseStateError unless it is published, InvalidError without a reason, PermissionRefusedError.
    """
    if actor is not None:
        require(actor, Action.MANAGE_RELEASES, Office(), now)
    if not reason.strip():
        raise InvalidError("reason_missing", _("A withdrawal needs a reason: people who downloaded it will read it."))
    with transaction.atomic():
        locked = _locked(release)
        if locked.state != Release.State.PUBLISHED:
            raise ReleaseStateError(
                "release_not_published", _("%s is not published, so it cannot be withdrawn.") % locked
            )
        locked.state, locked.withdrawn_at = Release.State.WITHDRAWN, now
        locked.withdrawn_reason = reason.strip()
        locked.save()
        record(audit_subject(locked), "release_withdrawn", actor=actor, now=now, data={"reason": reason.strip()})
        _tell_downloaders(locked, now)
    return locked


def manifest_of(release: Release, artifacts: Iterable[Artifact]) -> manifest.Manifest:
    """What the manifest says of a release with these files."""
    version = release.licence_version
    return manifest.Manifest(
        model=release.variant.model_id,
        version=release.version,
        licence=manifest.LicenceText(version.licence.slug, version.number, version.sha256),
        files=tuple(manifest.File(each.path, each.size_bytes, each.sha256, each.md5) for each in artifacts),
    )


def _locked(release: Release) -> Release:
    """The row as it is now; on PostgreSQL nobody else changes it, or its files, until this transaction ends."""
    return Release.objects.select_for_update(of=("self",)).select_related(
        "variant__family__weights_licence", "licence_version__licence"
    ).get(pk=release.pk)  # fmt: skip


def _check_publishable(release: Release) -> None:
    if release.state != Release.State.STAGED:
        raise ReleaseStateError(
            "release_final",
            _("%s was published before.") % release,
            _("A published release never changes; stage a new version instead."),
        )
    if current_version(release.licence_version.licence) != release.licence_version:
        raise ReleaseStateError(
            "licence_outdated",
            _("%(release)s was staged under a licence text that has been replaced: %(licence)s.")
            % {"release": release, "licence": release.licence_version},
            _("Stage it again under the current text; the files need not be sent again."),
        )


def _check_same(verified: list[Artifact], now: list[Artifact]) -> None:
    if [(each.pk, each.sha256) for each in verified] != [(each.pk, each.sha256) for each in now]:
        raise ReleaseStateError(
            "release_changed", _("Somebody staged other files meanwhile."), _("Look at them, then publish again.")
        )


def _refuse_damaged(found: Iterable[Damage]) -> None:
    damage = next(iter(found), None)
    if damage is not None:
        raise ReleaseFilesError(
            "stored_file_damaged",
            f"{damage.path} {damage.problem}.",
            _("Stage the release again; only the files that differ are sent."),
            path=damage.path,
        )


def _tell_downloaders(release: Release, now: datetime) -> None:
    names = [release.variant.family.slug, release.variant.slug, release.version]
    context = {"release": str(release), "reason": release.withdrawn_reason, "path": reverse("release", args=names)}
    for user in User.objects.filter(mints__artifact__release=release, is_active=True).distinct():
        queue_mail(template="release_withdrawn", context=context, user=user, now=now, about=audit_subject(release))
