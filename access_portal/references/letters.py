"""Writing to somebody who was named: a new link in each letter, and never many letters to one address."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from access_portal.accounts.models import User
from access_portal.accounts.names import plain_name
from access_portal.audit.commands import record
from access_portal.outbox.commands import queue_mail
from access_portal.references.models import LETTERS_A_DAY, Letter, Reference

LINK_LASTS = timedelta(days=21)
LETTERS_OF_APPLICANT = 6  # a day: an account must be no means to write to strangers


def post_question(reference: Reference, now: datetime, by: User | None = None) -> bool:
    """Ask, or ask again, with three weeks for the answer; False when the day's letters are used up, and then later.

    To be called with the application's row locked.
    """
    secret = _take_place(reference, now, by)
    if secret is None:
        return False
    reference.asked_at, reference.expires_at = now, now + LINK_LASTS
    reference.save(update_fields=["asked_at", "expires_at"])
    _queue("reference_question", reference, secret, now)
    record(_about(reference), "application_reference_asked", actor=by, now=now, data=facts(reference))
    return True


def post_reminder(reference: Reference, now: datetime) -> bool:
    """Remind once, until the same day as before; False when the day's letters are used up."""
    secret = _take_place(reference, now, None)
    if secret is None:
        return False
    reference.reminded_at = now
    reference.save(update_fields=["reminded_at"])
    _queue("reference_reminder", reference, secret, now)
    record(_about(reference), "application_reference_reminded", actor=None, now=now, data=facts(reference))
    return True


def post_receipt(reference: Reference, now: datetime) -> None:
    """Tell the address that was asked what was answered in its name: a link may have been forwarded."""
    queue_mail(
        template="reference_receipt", context=_words(reference), to=reference.email, now=now, about=_about(reference)
    )


def facts(reference: Reference) -> dict[str, Any]:
    """What the event log says of it: no name, no address and no answer, for the log is kept for ever."""
    return {"reference": reference.pk, "kind": reference.kind}


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _take_place(reference: Reference, now: datetime, by: User | None) -> str | None:
    """A secret for one more letter, kept as its digest; None where the address or the applicant has had enough."""
    today = Letter.objects.filter(day=now.date())
    if (
        today.filter(reference__application__applicant=reference.application.applicant_id).count()
        >= LETTERS_OF_APPLICANT
    ):
        return None
    secret = secrets.token_urlsafe(32)
    for place in range(1, LETTERS_A_DAY + 1):
        if today.filter(address=reference.address, place=place).exists():
            continue
        try:
            with transaction.atomic():
                Letter.objects.create(
                    reference=reference, address=reference.address, day=now.date(), place=place,
                    digest=digest(secret), sent_at=now, sent_by=by,
                )  # fmt: skip
        except IntegrityError:  # another application took this place a moment ago
            continue
        return secret
    return None


def _queue(template: str, reference: Reference, secret: str, now: datetime) -> None:
    link = settings.BASE_URL + reverse("reference", args=[secret])
    queue_mail(
        template=template,
        context=_words(reference),
        to=reference.email,
        now=now,
        about=_about(reference),
        sealed={"link": link},
    )


def _words(reference: Reference) -> dict[str, object]:
    application = reference.application
    return {
        "reference": reference,
        "family": application.family,
        "applicant": plain_name(str(application.applicant)),
        "name": plain_name(reference.name),
    }


def _about(reference: Reference) -> str:
    return reference.application.subject
