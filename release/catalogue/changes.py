"""How a release differs from the one before it, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from release.models import Artifact, Release


@dataclass(frozen=True)
class Changes:
    """From `before` to the release at hand; `same` counts files whose content is the same, to the byte."""

    before: Release
    added: Sequence[Artifact]
    removed: Sequence[Artifact]
    altered: Sequence[Artifact]
    same: int
    licence_changed: bool


def changes(before: Release, after: Release) -> Changes:
    old = {artifact.path: artifact for artifact in before.artifacts.all()}
    new = {artifact.path: artifact for artifact in after.artifacts.all()}
    kept = [path for path in new if path in old]
    altered = [new[path] for path in kept if new[path].sha256 != old[path].sha256]
    return Changes(
        before=before,
        added=[new[path] for path in new if path not in old],
        removed=[old[path] for path in old if path not in new],
        altered=altered,
        same=len(kept) - len(altered),
        licence_changed=before.licence_version_id != after.licence_version_id,
    )


def release_before(release: Release, others: Sequence[Release]) -> Release | None:
    """The one that was published last before this one."""
    assert release.published_at is not None
    earlier = [each for each in others if each.published_at is not None and each.published_at < release.published_at]
    return max(earlier, key=lambda each: (each.published_at, each.pk), default=None)
