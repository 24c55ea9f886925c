"""Releases in every state, for the office's pages about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment
from access_portal.audit.commands import record
from release.models import Artifact, Release
from release.publishing import deprecate_release, schedule_release, withdraw_release
from release.staging import audit_subject
from tests.factories import make_release
from tests.journeys.furniture import House

WHY = "The tokenizer splits digits wrongly.\nScores of arithmetic tasks come out too low."


def managed(house: House) -> None:
    """Let Ben manage releases."""
    RoleAssignment.objects.get_or_create(user=house.ben, role=Role.RELEASE_MANAGER)


def next_version(house: House, state: str = "verified") -> Release:
    """A release after the one that the house has, with a file more."""
    managed(house)
    now = timezone.now()
    release = make_release(
        house.release.variant, "v1.1", "staged", staged_by=house.ben, changelog="Digits are split one by one now.",
        verified_at=now if state == "verified" else None, verified_by=house.ben if state == "verified" else None,
    )  # fmt: skip
    Artifact.objects.create(
        release=release, path="consolidated.00.pth", size_bytes=13_476_939_516, sha256="7" * 64, md5="7" * 32,
        layout="meta", storage_key="quill/consolidated.00.pth",
    )  # fmt: skip
    record(audit_subject(release), "release_staged", actor=house.ben, now=now, data={"files": 2})
    Release.objects.filter(pk=release.pk).update(state=state)
    return Release.objects.get(pk=release.pk)


def listed(house: House) -> str:
    """The list, with a release on its way out and one on its way in."""
    scheduled(house)
    return reverse("office_releases")


def staged(house: House) -> str:
    return page_of(next_version(house, "staged"))


def verified(house: House) -> str:
    return page_of(next_version(house))


def scheduled(house: House) -> str:
    now, release = timezone.now(), next_version(house)
    schedule_release(release=release, publish_at=now + timedelta(days=9), actor=house.ben, now=now)
    return page_of(release)


def deprecated(house: House) -> str:
    managed(house)
    newer = make_release(house.release.variant, "v2")
    deprecate_release(release=house.release, reason=WHY, successor=newer, actor=house.ben, now=timezone.now())
    return page_of(house.release)


def withdrawn(house: House) -> str:
    managed(house)
    withdraw_release(release=house.release, reason=WHY, actor=house.ben, now=timezone.now())
    return page_of(house.release)


def asking(command: str) -> Callable[[House], str]:
    """The page that says what a command would do, of the release that the house has or the one after it."""

    def path(house: House) -> str:
        after = command in ("verify", "publish", "schedule")
        release = next_version(house) if after else house.release
        managed(house)
        return page_of(release, command)

    return path


def page_of(release: Release, *command: str) -> str:
    name = "office_release_act" if command else "office_release"
    return reverse(name, args=[release.variant.model_id, release.version, *command])
