"""What became of releases, as entries of a feed: published, deprecated, withdrawn. Nothing embargoed is among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from release.catalogue.plain_text import legible
from release.models import SHOWN_STATES, Release

MOST = 100


@dataclass(frozen=True)
class Entry:
    """`id` stays the same for ever; `what` is published, deprecated or withdrawn."""

    id: str
    url: str
    title: str
    text: str
    what: str
    published: datetime
    updated: datetime
    release: Release


def entries(releases: Iterable[Release]) -> list[Entry]:
    """The newest first. The text is that of today: what is deprecated again gets a new date, and keeps its entry."""
    found = [entry for release in releases if release.state in SHOWN_STATES for entry in _of(release)]
    return sorted(found, key=lambda entry: (entry.updated, entry.id), reverse=True)[:MOST]


def _of(release: Release) -> Iterator[Entry]:
    assert release.published_at is not None
    names = {"release": release, "licence": release.licence_version}
    said = _("%(release)s was published under this licence: %(licence)s.") % names
    yield _entry(release, "published", _("%s published") % release, [said, release.changelog], release.published_at)
    if release.deprecated_at is not None:
        said = _("%s is deprecated: it can still be downloaded, but something better is there.") % release
        instead = "" if release.offered_instead is None else _("Use this instead: %s.") % release.offered_instead
        words = [said, release.deprecated_reason, instead]
        yield _entry(release, "deprecated", _("%s deprecated") % release, words, release.deprecated_at)
    if release.withdrawn_at is not None:
        said = _("%s was withdrawn. No more download links are made for it.") % release
        words = [said, release.withdrawn_reason]
        yield _entry(release, "withdrawn", _("%s withdrawn") % release, words, release.withdrawn_at)


def _entry(release: Release, what: str, title: str, words: list[str], at: datetime) -> Entry:
    variant = release.variant
    page = reverse("release", args=[variant.family.slug, variant.slug, release.version])
    return Entry(
        id=_tag(release, what),
        url=settings.BASE_URL + page,
        title=legible(title),
        text="\n\n".join(filter(None, map(legible, words))),
        what=what,
        published=at,
        updated=at,
        release=release,
    )


def _tag(release: Release, what: str) -> str:
    """A tag URI (RFC 4151): it stays when pages move, and is nobody else's, as this host was ours on that day."""
    assert release.published_at is not None
    variant, host = release.variant, urlsplit(settings.BASE_URL).hostname
    day = release.published_at.astimezone(UTC).date()
    return f"tag:{host},{day}:release/{variant.family.slug}/{variant.slug}/{release.version}/{what}"
