"""Who may read which lines of the record of download links that were made under a grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from access_portal.grants.queries import rights_of
from access_portal.grants.reading import any_grant, with_facts
from access_portal.grants.standing import not_found, require_reader
from release.models import Mint


@dataclass(frozen=True)
class AccessLog:
    """The lines that somebody may read; `own_only` where they are a member and not the holder."""

    grant: Grant
    mints: QuerySet[Mint]
    own_only: bool
    for_office: bool


def readable_log(reader: User, number: str, now: datetime) -> AccessLog:
    """The lines of the grant with this number, newest first.

    Raises NotFoundError for strangers, PermissionRefusedError for staff who may not read this person's grants.
    """
    own = with_facts(rights_of(reader)).filter(number=number).first()
    if own is not None:
        is_member = own.holder_id != reader.pk
        return AccessLog(own, _lines(own, reader if is_member else None), is_member, for_office=False)
    if not reader.is_office:
        raise not_found(number)
    grant = any_grant(number)
    require_reader(grant, reader, now)
    return AccessLog(grant, _lines(grant, None), own_only=False, for_office=True)


def _lines(grant: Grant, person: User | None) -> QuerySet[Mint]:
    mints = Mint.objects.filter(grant=grant).select_related("user", "artifact__release__variant__family")
    if person is not None:
        mints = mints.filter(user=person)
    return mints.order_by("-minted_at", "-pk")
