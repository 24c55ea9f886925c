"""What the catalogue's pages read beside single releases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from access_portal.accounts.models import User
from access_portal.grants.policy import Action, Actor, usable
from access_portal.grants.queries import rights_of
from release.models import SHOWN_STATES, Family, Release
from release.queries import policy_model

RELATED = ("variant", "variant__family", "licence_version", "licence_version__licence", "successor")


def shown_releases(family: Family | None = None) -> QuerySet[Release]:
    """What the outside may see, of one family or of all, the newest first; without files and texts of licences."""
    rows = Release.objects.select_related(*RELATED, "successor__variant", "successor__variant__family")
    rows = rows.defer("manifest", "signature", "licence_version__text").filter(state__in=SHOWN_STATES)
    if family is not None:
        rows = rows.filter(variant__family=family)
    return rows.order_by("-published_at", "-pk")


def newest_published(family: Family | None = None) -> dict[int, Release]:
    """The newest published release of each variant that has one, by the variant's key; without its files."""
    newest: dict[int, Release] = {}
    for release in shown_releases(family).filter(state=Release.State.PUBLISHED):
        newest.setdefault(release.variant_id, release)
    return newest


def changed_lately(family: Family | None, most: int) -> list[Release]:
    """The releases that were last published, deprecated or withdrawn, whichever came last of each."""
    last = Coalesce("withdrawn_at", "deprecated_at", "published_at")
    return list(shown_releases(family).order_by(last.desc(), "-pk")[:most])


def downloadable(user: Actor, releases: Sequence[Release], now: datetime) -> set[int]:
    """The variants whose release here `user` may download. Only families in which they have a grant are asked about."""
    if not isinstance(user, User):
        return set()
    families = set(rights_of(user).order_by().values_list("family_id", flat=True))
    asked = [release for release in releases if release.variant.family_id in families]
    return {release.variant_id for release in usable(user, Action.DOWNLOAD, asked, policy_model, now)}
