"""Writing to those who fetched a release that is deprecated or withdrawn: the first at once, the rest by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from access_portal.accounts.models import User
from access_portal.outbox.commands import queue_mail
from access_portal.outbox.models import OutboxMail
from release.lifecycle import State
from release.models import Release
from release.staging import audit_subject

SLICE = 100  # mails of one release in one tick: nobody who wants a link waits for thousands of letters
RECENT = timedelta(days=365)  # who fetched it longer ago hears of a withdrawal, not of a deprecation
TEMPLATES: Mapping[str, str] = {State.DEPRECATED: "release_deprecated", State.WITHDRAWN: "release_withdrawn"}


def concerned(release: Release, state: str, now: datetime) -> QuerySet[User]:
    """Who would be told that this release is `state`: those for whom a link to a file of it was made."""
    mints: dict[str, Any] = {"mints__artifact__release": release}
    if state == State.DEPRECATED:
        mints["mints__minted_at__gte"] = now - RECENT
    return User.objects.filter(is_active=True, **mints).distinct().order_by("pk")


def tell_some(release: Release, now: datetime) -> int:
    """Write to the next people, in the transaction of the caller; returns to how many.

    The row is locked by the caller, so that nobody is written to twice.
    """
    template, since = TEMPLATES[release.state], _since(release)
    told = OutboxMail.objects.filter(
        about=audit_subject(release), template=template, created_at__gte=since, user__isnull=False
    )
    left = list(concerned(release, release.state, since).exclude(pk__in=told.values("user"))[:SLICE])
    for user in left:
        queue_mail(template=template, context=_words(release), user=user, now=now, about=audit_subject(release))
    if len(left) < SLICE:
        release.told_at = now
        release.save(update_fields=["told_at"])
    return len(left)


def tell_due(now: datetime) -> int:
    """Write to the next people of each release; returns to how many. Safe in many processes at once."""
    due = Release.objects.filter(state__in=TEMPLATES, told_at=None).order_by("pk")
    return sum(_tell(pk, now) for pk in due.values_list("pk", flat=True))


def _tell(pk: int, now: datetime) -> int:
    with transaction.atomic():
        rows = Release.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        release = rows.select_related("variant__family", "successor__variant__family").filter(pk=pk).first()
        return 0 if release is None or release.told_at is not None else tell_some(release, now)


def _since(release: Release) -> datetime:
    since = release.withdrawn_at if release.state == State.WITHDRAWN else release.deprecated_at
    assert since is not None
    return since


def _words(release: Release) -> dict[str, Any]:
    withdrawn = release.state == State.WITHDRAWN
    successor = None if withdrawn else release.offered_instead
    return {
        "release": str(release),
        "reason": release.withdrawn_reason if withdrawn else release.deprecated_reason,
        "path": _page(release),
        "successor": "" if successor is None else str(successor),
        "successor_path": "" if successor is None else _page(successor),
    }


def _page(release: Release) -> str:
    return reverse("release", args=[release.variant.family.slug, release.variant.slug, release.version])
