"""Reading a release in the store again, and telling people once when a file there is not what was promised."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse

from access_portal.accounts.models import Role, User
from access_portal.audit.commands import record
from access_portal.outbox.commands import queue_mail
from release.models import LIVE_STATES, Release, StoreCheck, StoreReading
from release.staging import audit_subject
from release.verification import Counted, Damage, Progress, damages, quiet

NOT_UNDER_WAY: dict[str, Any] = {"began_at": None, "up_to_path": "", "read_bytes": 0, "damages": []}
MOST_NAMED = 50  # damaged files in one mail and one event


def check_store(release: Release, now: datetime, progress: Progress = quiet) -> StoreCheck:
    """Read and hash every file of the release in the store, and write down what was found.

    Takes as long as the release is large. Raises StoreUnavailableError when the store stays away; then nothing is
    written down.
    """
    began, counted = time.monotonic(), Counted(progress)
    found = list(damages(release.artifacts.all(), counted))
    ended_at = now + timedelta(seconds=time.monotonic() - began)
    with transaction.atomic():
        take_turn(release)
        tell_damage(release, found, ended_at)
        StoreReading.objects.filter(release=release).update(**NOT_UNDER_WAY)  # what the clock had found is older
        return StoreCheck.objects.create(
            release=release, began_at=now, ended_at=ended_at, read_bytes=counted.size_bytes, damages=as_rows(found)
        )


def take_turn(release: Release) -> None:
    """Two that read the same release at once tell of a damage once: each looks at what is known under this lock."""
    Release.objects.select_for_update(of=("self",), no_key=True).get(pk=release.pk)


def tell_damage(release: Release, found: Sequence[Damage], now: datetime) -> None:
    """Put damage on record and write to release managers and operators, in the transaction of the caller.

    A file that the last check found damaged too, or the reading that is under way, is old news.
    """
    known = known_damage(release)
    fresh = [damage for damage in found if damage.path not in known]
    if not fresh:
        return
    named = fresh[:MOST_NAMED]
    data = {"damaged": [damage.path for damage in named]}
    record(audit_subject(release), "release_damaged_in_store", actor=None, now=now, data=data)
    context = {
        "release": str(release),
        "damages": [f"{damage.path} {damage.problem}." for damage in named],
        "more": len(fresh) - len(named),
        "may_be_fetched": release.state in LIVE_STATES,
        "cure": repair_command(release),
        "path": reverse("office_release", args=[release.variant.model_id, release.version]),
    }
    for user in concerned():
        queue_mail(template="release_damaged", context=context, user=user, now=now, about=audit_subject(release))


def as_rows(found: Sequence[Damage]) -> list[dict[str, str]]:
    return [{"path": damage.path, "problem": damage.problem} for damage in found]


def last_check(release: Release) -> StoreCheck | None:
    """The last one of the files as they were staged last."""
    return release.store_checks.filter(ended_at__gte=release.staged_at).first()


def known_damage(release: Release) -> set[str]:
    """Paths of the files that the last check found damaged, or the reading that is under way."""
    last = last_check(release)
    reading = StoreReading.objects.filter(release=release).first()
    rows = [*(last.damages if last is not None else []), *(reading.damages if reading is not None else [])]
    return {row["path"] for row in rows}


def repair_command(release: Release) -> str:
    """What an operator who has a copy types; empty for a release that is not repaired any more."""
    if release.state == Release.State.WITHDRAWN:
        return ""
    return f"manage.py release repair {release.variant.family.slug}/{release.variant.slug} {release.version} FOLDER"


def concerned() -> list[User]:
    """Release managers and operators, who are told of damage and of its end."""
    roles = (Role.RELEASE_MANAGER, Role.OPERATOR)
    return list(User.objects.filter(is_active=True, roles__role__in=roles).distinct().order_by("pk"))
