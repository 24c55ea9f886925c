"""Small releases whose bytes are really in the store, and people who manage them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from release.models import Mint, Release, Variant
from release.publishing import publish_release, schedule_release, verify_release
from release.storage import weights_store
from tests.factories import make_grant, make_release, make_user

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def manager(name: str = "olga") -> User:
    return User.objects.filter(username=name).first() or make_user(name, Role.RELEASE_MANAGER)


def staged(variant: Variant | None = None, version: str = "v1", **fields: Any) -> Release:
    """Staged by the manager Sten, with its one file in the store."""
    release = make_release(variant, version, "staged", **{"staged_by": manager("sten"), **fields})
    weights_store().put_bytes(release.artifacts.get().storage_key, b"{}")
    return release


def verified(variant: Variant | None = None, version: str = "v1") -> Release:
    return verify_release(release=staged(variant, version), actor=manager(), now=NOW)


def scheduled(variant: Variant | None = None, publish_at: datetime = NOW + DAY) -> Release:
    return schedule_release(release=verified(variant), publish_at=publish_at, actor=manager(), now=NOW)


def published(variant: Variant | None = None, version: str = "v1") -> Release:
    return publish_release(release=verified(variant, version), actor=manager(), now=NOW)


def damage(release: Release, data: bytes = b"[]") -> None:
    weights_store().put_bytes(release.artifacts.get().storage_key, data)


def fetched(release: Release, name: str, at: datetime = NOW) -> User:
    """Somebody for whom a link to a file of it was made."""
    person = make_user(name)
    grant = make_grant(person, release.variant.family)
    Mint.objects.create(artifact=release.artifacts.get(), user=person, grant=grant, minted_at=at, expires_at=at)
    return person


def fresh(release: Release) -> Release:
    return Release.objects.get(pk=release.pk)


def events(release: Release) -> list[str]:
    subject = f"release:{release.variant.model_id}@{release.version}"
    return list(Event.objects.filter(subject=subject).order_by("sequence").values_list("name", flat=True))
