"""Making receipts: once for each state of a grant, once for each acceptance; the same file comes ever after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants.models import Grant
from access_portal.licences.models import LicenceAcceptance
from access_portal.receipts.claims import acceptance_claims, grant_claims
from access_portal.receipts.models import Receipt
from access_portal.receipts.queries import require_readable
from access_portal.receipts.signing import content_sha256, published_key_ids, sign, signing_key

EVENTS = {"grant": "grant_receipt_made", "acceptance": "acceptance_receipt_made"}  # by the kind of receipt


def receipt_of_grant(*, grant: Grant, actor: User, now: datetime) -> Receipt:
    """The receipt of the grant as it stands.

    Raises NotFoundError for whoever may not see the grant, ReceiptsUnavailableError when there is nothing to sign with.
    """
    require_readable(grant, actor, now)
    return _kept_or_made({"grant": grant}, grant_claims(grant, now), grant.subject, actor, now)


def receipt_of_acceptance(*, acceptance: LicenceAcceptance, actor: User, now: datetime) -> Receipt:
    """The receipt of one acceptance, for the person who gave it; raises as above."""
    require_readable(acceptance, actor, now)
    subject = f"user:{acceptance.user_id}"
    return _kept_or_made({"acceptance": acceptance}, acceptance_claims(acceptance), subject, actor, now)


def _kept_or_made(about: dict[str, Any], claims: dict[str, Any], subject: str, actor: User, now: datetime) -> Receipt:
    content = content_sha256(claims)
    whole = Receipt.objects.exclude(jws="")  # the text is forgotten with a person whom it names
    kept = whole.filter(**about, content_sha256=content, key_id__in=published_key_ids())
    found = kept.order_by("made_at", "pk").first()
    if found is not None:
        return found
    key = signing_key()
    key_id = key.thumbprint()
    with transaction.atomic():
        # Two requests at once: the constraint lets one through, and the other is given its row.
        receipt, made = whole.get_or_create(
            **about, content_sha256=content, key_id=key_id, defaults={"jws": sign(claims, key, now), "made_at": now}
        )
        if made:
            data = {"key": key_id, "content_sha256": content}
            record(subject, EVENTS[claims["receipt"]], actor=actor, now=now, data=data)
    return receipt
