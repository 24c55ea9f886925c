"""What a person accepted of the licence behind a release: read by the access policy for every link and every line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from access_portal.accounts.models import User
from access_portal.licences.models import LicenceAcceptance, LicenceVersion


@dataclass(frozen=True)
class Consent:
    """What somebody accepted of the licence that `text` is a version of: the newest of it, the newest that every reader
    has to have accepted by now, and the one that can be accepted today."""

    text: LicenceVersion
    current: LicenceVersion
    accepted: LicenceVersion | None
    required: LicenceVersion | None


def consent_of(user: User, text_id: int, now: datetime) -> Consent:
    """In one query, and without the words of the texts."""
    accepted = LicenceAcceptance.objects.filter(user=user, version=OuterRef("pk"))
    same = LicenceVersion.objects.filter(licence__versions=text_id).select_related("licence").defer("text")
    rows = list(same.annotate(is_accepted=Exists(accepted)).order_by("-published_at", "-pk"))
    return Consent(
        text=next(row for row in rows if row.pk == text_id),
        current=rows[0],
        accepted=next((row for row in rows if row.is_accepted), None),
        required=next((row for row in rows if row.reconsent_by is not None and row.reconsent_by <= now), None),
    )
