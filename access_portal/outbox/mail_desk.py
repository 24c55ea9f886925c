"""What staff may do with mail: let a failed one be tried again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, NotFoundError
from access_portal.outbox.keepers import require_keeper
from access_portal.outbox.models import OutboxMail


def resend(*, mail_id: int, actor: User, now: datetime) -> OutboxMail:
    """Begin anew with a mail whose last attempt failed; who did it goes on record.

    Raises ConflictError `mail_not_failed` unless that is so, and `mail_was_secret` where the one-time link that it
    held was wiped when it was given up, and `mail_forgotten` where the text is no longer kept.
    """
    require_keeper(actor, now)
    with transaction.atomic():
        mail = OutboxMail.objects.select_for_update().filter(pk=mail_id).first()
        if mail is None:
            raise NotFoundError("mail_not_found", _("There is no such mail."))
        _check(mail)
        mail.attempts, mail.next_attempt_at, mail.last_error = 0, now, ""
        mail.save(update_fields=["attempts", "next_attempt_at", "last_error"])
        record(f"mail:{mail.pk}", "mail_resent", actor=actor, now=now)
    return mail


def _check(mail: OutboxMail) -> None:
    if mail.status != OutboxMail.Status.FAILED:
        raise ConflictError(
            "mail_not_failed",
            _("Only a mail that failed can be sent again."),
            _("It was sent or cancelled, or a sender holds it now: look at the log again."),
        )
    if not mail.body:
        raise ConflictError(
            "mail_forgotten",
            _("The text of this mail is no longer kept."),
            _("If the person needs it still, write to them."),
        )
    if mail.is_sealed and not mail.sealed_body:
        raise ConflictError(
            "mail_was_secret",
            _("This mail held a link that works once, and the link was wiped when the mail was given up."),
            _("Ask the person to ask for a new one."),
        )
