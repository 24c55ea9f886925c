"""What a release forgets when its files may not be what they were: that they were read, and when it was to go out."""

from __future__ import annotations

from release.lifecycle import State
from release.models import Release


def back_to_staged(release: Release) -> None:
    """Set the fields of a row that is locked; the caller asks the lifecycle before, and saves after."""
    release.state = State.STAGED
    release.verified_at = release.verified_by = None
    release.verification_asked_at = release.verification_asked_by = None
    release.publish_at = release.scheduled_by = None
