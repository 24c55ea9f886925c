"""What a person accepted of the licence behind a release: read by the access policy for every link and every line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from access_portal.accounts.models import User
from access_portal.licences.models import LicenceVersion

# As SQL, since every link and every line asks it: Django takes six times as long to write it as the database to answer.
TEXTS = """
SELECT v.id, v.licence_id, v.number, v.published_at, v.reconsent_by, EXISTS (
    SELECT 1 FROM licences_licenceacceptance a WHERE a.version_id = v.id AND a.user_id = %s
) AS is_accepted
FROM licences_licenceversion v JOIN licences_licenceversion asked ON asked.licence_id = v.licence_id
WHERE asked.id = %s ORDER BY v.published_at DESC, v.id DESC
"""


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
    rows = list(LicenceVersion.objects.raw(TEXTS, [user.pk, text_id]))
    return Consent(
        text=next(row for row in rows if row.pk == text_id),
        current=rows[0],
        accepted=next((row for row in rows if row.is_accepted), None),  # type: ignore[attr-defined]  # a column of TEXTS
        required=next((row for row in rows if row.reconsent_by is not None and row.reconsent_by <= now), None),
    )
