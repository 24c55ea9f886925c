"""What the clock does with releases: ends embargoes, and verifies what somebody asked for on a page."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.urls import reverse

from access_portal.accounts.models import Role, User
from access_portal.applications.conditions import TIMER
from access_portal.errors import GatehouseError, PermissionRefusedError
from access_portal.outbox.commands import queue_mail
from release.errors import ReleaseStateError, StorageError
from release.lifecycle import Command, State
from release.models import Release
from release.publishing.publish import publish_release
from release.publishing.step import advance, locked
from release.publishing.verifying import verify_release
from release.restaging import back_to_staged
from release.staging import audit_subject

log = structlog.get_logger(__name__)


def publish_due(now: datetime) -> int:
    """Publish what is scheduled for a moment that has come; returns how many.

    What cannot be published falls back to staged, and whoever scheduled it is told. A store that does not answer is
    asked again at the next tick. Safe in many processes at once, and beside somebody who publishes by hand.
    """
    due = Release.objects.filter(state=State.SCHEDULED, publish_at__lte=now).order_by("publish_at", "pk")
    return sum(end_embargo(release, now) for release in due)


def verify_due(now: datetime) -> int:
    """Verify what somebody asked for; returns how many releases were found whole."""
    asked = Release.objects.filter(verification_asked_at__isnull=False, state__in=(State.STAGED, State.VERIFIED))
    return sum(_verify(release, now) for release in asked.order_by("verification_asked_at", "pk"))


def end_embargo(release: Release, now: datetime) -> bool:
    """Publish this one; false when that was not to be, for whatever reason."""
    try:
        publish_release(release=release, actor=TIMER, now=now)
    except StorageError as error:
        log.warning("embargo_waits_for_the_store", release=audit_subject(release), error=str(error))
        return False
    except GatehouseError as refused:
        _fall_back(release, refused, now)
        return False
    return True


def _fall_back(release: Release, refused: GatehouseError, now: datetime) -> None:
    """Give up the embargo and say why, unless somebody published or moved the release meanwhile."""
    try:
        with transaction.atomic():
            row = locked(release, TIMER, Command.FALL_BACK, now)
            scheduled_by = row.scheduled_by
            back_to_staged(row)
            advance(row, TIMER, Command.FALL_BACK, now, {"code": refused.code})
            _tell("release_not_published", row, scheduled_by, refused, now)
    except (ReleaseStateError, PermissionRefusedError):
        log.info("embargo_ended_elsewhere", release=audit_subject(release))


def _verify(release: Release, now: datetime) -> bool:
    asker = release.verification_asked_by
    try:
        verify_release(release=release, actor=asker, now=now)
    except StorageError as error:
        log.warning("verification_waits_for_the_store", release=audit_subject(release), error=str(error))
        return False
    except GatehouseError as refused:
        with transaction.atomic():
            Release.objects.filter(pk=release.pk).update(verification_asked_at=None, verification_asked_by=None)
            _tell("release_not_verified", release, asker, refused, now)
        return False
    return True


def _tell(template: str, release: Release, asker: User | None, refused: GatehouseError, now: datetime) -> None:
    """Write to whoever asked for it; to all release managers when that person is none any more."""
    managers = User.objects.filter(is_active=True, roles__role=Role.RELEASE_MANAGER).order_by("pk")
    asked = managers.filter(pk=asker.pk) if asker is not None else managers.none()
    path = reverse("office_release", args=[release.variant.model_id, release.version])
    context = {"release": str(release), "problem": refused.explanation, "remedy": refused.remedy, "path": path}
    for user in asked or managers:
        queue_mail(template=template, context=context, user=user, now=now, about=audit_subject(release))
