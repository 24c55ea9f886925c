"""What the office's pages show of releases, those that nobody outside knows of as well."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.grants.policy import Action, Office, require
from release.errors import ReleaseNotFoundError
from release.lifecycle import State
from release.models import SHOWN_STATES, Release
from release.publishing.telling import concerned
from release.staging import audit_subject
from release.wording import Line, line_of


def require_manager(actor: User, now: datetime) -> None:
    """The gate of what changes a release; reading is for auditors as well. Raises PermissionRefusedError."""
    require(actor, Action.MANAGE_RELEASES, Office(), now)


def all_releases() -> QuerySet[Release]:
    """Every release of every model, newest first, with `file_count` and `total_bytes`."""
    rows = Release.objects.select_related("variant__family", "staged_by")
    counted = rows.annotate(file_count=Count("artifacts"), total_bytes=Sum("artifacts__size_bytes"))
    return counted.order_by("-staged_at", "-pk")


def any_release(model_id: str, version: str) -> Release:
    """In whatever state; raises ReleaseNotFoundError."""
    rows = Release.objects.select_related(
        "variant__family__weights_licence", "licence_version__licence", "staged_by", "verified_by", "scheduled_by",
        "published_by", "verification_asked_by", "successor__variant__family",
    )  # fmt: skip
    known = "\0" not in model_id + version
    found = rows.filter(variant__model_id=model_id, version=version).first() if known else None
    if found is None:
        raise ReleaseNotFoundError(
            "release_not_found",
            _("There is no such release."),
            _("The list shows what there is."),
            reverse("office_releases"),
        )
    return found


def before(release: Release) -> Release | None:
    """The one that people have when this one is published: the newest of the same model that went out before it."""
    others = Release.objects.filter(variant=release.variant_id, state__in=SHOWN_STATES).exclude(pk=release.pk)
    if release.published_at is not None:
        others = others.filter(published_at__lt=release.published_at)
    rows = others.select_related("variant__family", "licence_version__licence")
    return rows.order_by("-published_at", "-pk").first()


def possible_successors(release: Release) -> QuerySet[Release]:
    """What can be used instead of it: published releases of the family, those of the same model first."""
    rows = Release.objects.filter(variant__family=release.variant.family_id, state=State.PUBLISHED)
    return rows.exclude(pk=release.pk).select_related("variant__family").order_by("variant", "-published_at", "-pk")


def history(release: Release) -> list[Line]:
    """All that happened to it, newest first."""
    events = Event.objects.filter(subject=audit_subject(release)).select_related("actor")
    return [line_of(event) for event in events.order_by("-sequence")]


def told_count(release: Release, state: State, now: datetime) -> int:
    """How many people get a mail when it comes to be `state`."""
    return concerned(release, state, now).count()
