"""What links count against the day's bytes of a grant: each file once for one person, network address and day (UTC).

So a broken download is taken up again for nothing, while a token that was passed on is not. The rows of the links
themselves are the account: nothing else is kept, and nothing can come to differ from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.gigabytes import size_words
from access_portal.grants.daily_bytes import DailyBytes, daily_bytes, day_of
from access_portal.grants.models import Grant
from release.errors import DailyBytesUsedError
from release.models import Artifact, Mint


@dataclass(frozen=True)
class Asker:
    """Who asks for links, from where and under which grant."""

    user: User
    grant: Grant
    address: str | None


def count_bytes(asker: Asker, artifacts: Sequence[Artifact], now: datetime) -> dict[int, int]:
    """What each of these files counts now, by its key; raises DailyBytesUsedError when that is more than is left.

    On PostgreSQL, links that count something are made one after another for one grant, until the transaction ends;
    SQLite has one writer anyway.
    """
    if not _uncounted(asker, artifacts, now):
        return {}
    _take_turn(asker.grant)
    fresh = _uncounted(asker, artifacts, now)
    wanted = sum(artifact.size_bytes for artifact in fresh)
    today = daily_bytes(asker.grant, now)
    if wanted > today.left:
        raise _used_up(asker.grant, today, wanted, now)
    return {artifact.pk: artifact.size_bytes for artifact in fresh}


def _uncounted(asker: Asker, artifacts: Sequence[Artifact], now: datetime) -> list[Artifact]:
    counted = Mint.objects.filter(grant=asker.grant, minted_at__gte=day_of(now), counted_bytes__gt=0)
    theirs = counted.filter(user=asker.user, address=asker.address, artifact__in=[each.pk for each in artifacts])
    known = set(theirs.values_list("artifact_id", flat=True))
    return [artifact for artifact in artifacts if artifact.pk not in known and artifact.size_bytes]


def _take_turn(grant: Grant) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"bytes of grant {grant.pk}"])


def _used_up(grant: Grant, today: DailyBytes, wanted: int, now: datetime) -> DailyBytesUsedError:
    sizes = {
        "number": grant.number,
        "limit": size_words(today.limit),
        "used": size_words(today.used),
        "wanted": size_words(wanted),
        "opens": f"{today.opens_at:%Y-%m-%d %H:%M} UTC",
    }
    explanation = _(
        "Grant %(number)s gives download links for %(limit)s a day; %(used)s are used today, and this needs %(wanted)s."
    )
    if wanted > today.limit:
        remedy = _("That is more than any day has. Ask for fewer files at once, or ask the office for a larger figure.")
        return DailyBytesUsedError(explanation % sizes, remedy, today.opens_at, None)
    remedy = _("It opens again at %(opens)s. Files of which you had a link today can be taken up again until then.")
    left = int((today.opens_at - now).total_seconds()) + 1
    return DailyBytesUsedError(explanation % sizes, remedy % sizes, today.opens_at, left)
