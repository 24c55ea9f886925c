"""What pages, commands and the access policy read about licences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count, Prefetch, QuerySet

from access_portal.accounts.models import User
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion


def current_version(licence: Licence) -> LicenceVersion | None:
    """The version that was published last; None for a licence without a text."""
    return LicenceVersion.objects.filter(licence=licence).order_by("-published_at", "-pk").first()


def older_versions(version: LicenceVersion) -> list[LicenceVersion]:
    """The texts that came before this one, the newest first."""
    every = LicenceVersion.objects.filter(licence_id=version.licence_id).order_by("-published_at", "-pk")
    rows = list(every.select_related("licence"))
    return rows[rows.index(version) + 1 :]


def previous_version(version: LicenceVersion) -> LicenceVersion | None:
    """The text that this one replaced; None for the first."""
    return next(iter(older_versions(version)), None)


def acceptance_of(user: User, version: LicenceVersion) -> LicenceAcceptance | None:
    """The person's acceptance of this very text."""
    return LicenceAcceptance.objects.filter(user=user, version=version).order_by("accepted_at", "pk").first()


def acceptances_of(user: User) -> QuerySet[LicenceAcceptance]:
    """Everything that this person accepted, newest first."""
    rows = LicenceAcceptance.objects.filter(user=user).select_related("version__licence").defer("version__text")
    return rows.order_by("-accepted_at", "-pk")


def licences_with_versions() -> QuerySet[Licence]:
    """Every licence that has a text, with its versions, newest first, and the families under it."""
    return (
        Licence.objects.filter(versions__isnull=False)
        .distinct()
        .prefetch_related("versions", "families")
        .order_by("title", "slug")
    )


def required_since(licence: Licence, now: datetime) -> LicenceVersion | None:
    """The newest text whose time of grace is over: whoever accepted only older ones has to accept again.

    None where no version ever asked for it. Accepting a later version than this one is as good.
    """
    due = LicenceVersion.objects.filter(licence=licence, reconsent_by__lte=now)
    return due.order_by("-published_at", "-pk").first()


@dataclass(frozen=True)
class AwaitedConsent:
    """A licence that somebody has to accept again: which text they accepted, which asks, and which there is now."""

    accepted: LicenceVersion
    required: LicenceVersion
    current: LicenceVersion
    until: datetime
    is_overdue: bool


def awaiting_consent(user: User, now: datetime) -> list[AwaitedConsent]:
    """What this person accepted in a text that a newer one has replaced, with a date; the most urgent first."""
    accepted = set(LicenceAcceptance.objects.filter(user=user).values_list("version_id", flat=True))
    if not accepted:
        return []
    theirs = LicenceVersion.objects.filter(licence__versions__in=accepted).distinct()
    rows = theirs.select_related("licence").defer("text").order_by("licence_id", "published_at", "pk")
    groups = [list(group) for _, group in groupby(rows, key=lambda version: version.licence_id)]
    awaited = [found for group in groups if (found := _awaited(group, accepted, now))]
    return sorted(awaited, key=lambda found: found.until)


def _awaited(versions: list[LicenceVersion], accepted: set[int], now: datetime) -> AwaitedConsent | None:
    """`versions` are of one licence, the oldest first."""
    last = max(place for place, version in enumerate(versions) if version.pk in accepted)
    asking = [(version.reconsent_by, version) for version in versions[last + 1 :] if version.reconsent_by]
    if not asking:
        return None
    until, required = min(asking, key=lambda pair: pair[0])
    return AwaitedConsent(versions[last], required, versions[-1], until, is_overdue=until <= now)


def licences_for_the_office() -> list[tuple[Licence, LicenceVersion | None, int]]:
    """Every licence with its current text and how many people accepted that one, in three queries."""
    licences = Licence.objects.order_by("title", "slug").prefetch_related(
        Prefetch("versions", LicenceVersion.objects.defer("text").order_by("-published_at", "-pk")), "families"
    )
    people = LicenceAcceptance.objects.order_by().values_list("version").annotate(Count("user", distinct=True))
    counts = dict(people.values_list("version", "user__count"))
    rows = [(licence, next(iter(licence.versions.all()), None)) for licence in licences]
    return [(licence, current, counts.get(current.pk, 0) if current else 0) for licence, current in rows]
