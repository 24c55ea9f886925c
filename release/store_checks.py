"""Reading a release in the store again, and telling people once when a file there is not what was promised."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from access_portal.accounts.models import Role, User
from access_portal.audit.commands import record
from access_portal.outbox.commands import queue_mail
from release.models import LIVE_STATES, Release, StoreCheck
from release.staging import audit_subject
from release.verification import Counted, Damage, Progress, damages, quiet

MOST_NAMED = 50  # damaged files in one mail and one event


def check_store(release: Release, now: datetime, progress: Progress = quiet) -> StoreCheck:
    """Read and hash every file of the release in the store, and write down what was found.

    Takes as long as the release is large. Raises StoreUnavailableError when the store stays away; then nothing is
    written down.
    """
    began, counted = time.monotonic(), Counted(progress)
    found = list(damages(release.artifacts.all(), counted))
    ended_at = now + timedelta(seconds=time.monotonic() - began)
    return conclude(release, found, began_at=now, ended_at=ended_at, read_bytes=counted.size_bytes)


def conclude(
    release: Release, found: Sequence[Damage], *, began_at: datetime, ended_at: datetime, read_bytes: int
) -> StoreCheck:
    """The record of a reading of the whole release; who has to know of damage that is new is told."""
    with transaction.atomic():
        _take_turn(release)
        tell_damage(release, found, ended_at)
        return StoreCheck.objects.create(
            release=release, began_at=began_at, ended_at=ended_at, read_bytes=read_bytes, damages=as_rows(found)
        )


def tell_damage(release: Release, found: Sequence[Damage], now: datetime, told: Sequence[str] = ()) -> None:
    """Put damage on record and write to release managers and operators, in the transaction of the caller.

    A file that the last check found damaged too, or that is in `told`, is old news.
    """
    last = release.store_checks.first()
    known = {*told, *(row["path"] for row in last.damages)} if last is not None else set(told)
    fresh = [damage for damage in found if damage.path not in known]
    if not fresh:
        return
    paths = [damage.path for damage in fresh[:MOST_NAMED]]
    record(audit_subject(release), "release_damaged_in_store", actor=None, now=now, data={"damaged": paths})
    context = {
        "release": str(release),
        "damages": [f"{damage.path} {damage.problem}." for damage in fresh[:MOST_NAMED]],
        "more": max(0, len(fresh) - MOST_NAMED),
        "may_be_fetched": release.state in LIVE_STATES,
        "path": reverse("office_release", args=[release.variant.model_id, release.version]),
    }
    for user in _concerned():
        queue_mail(template="release_damaged", context=context, user=user, now=now, about=audit_subject(release))


def as_rows(found: Sequence[Damage]) -> list[dict[str, str]]:
    return [{"path": damage.path, "problem": damage.problem} for damage in found]


def _take_turn(release: Release) -> None:
    """Two that read the same release at once tell of a damage once: each looks at the last check under this lock."""
    Release.objects.select_for_update(of=("self",), no_key=True).get(pk=release.pk)


def _concerned() -> list[User]:
    roles = (Role.RELEASE_MANAGER, Role.OPERATOR)
    return list(User.objects.filter(is_active=True, roles__role__in=roles).distinct().order_by("pk"))
