"""Mail is queued in the transaction that caused it and leaves afterwards; a failed mail is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template import Context, Engine
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.outbox.models import OutboxMail

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 12
CLAIM = timedelta(minutes=2)  # how long one sender has before another may take the mail over
LONGEST_WAIT = timedelta(hours=4)


def queue_mail(
    *,
    template: str,
    context: dict[str, Any],
    now: datetime,
    user: User | None = None,
    to: str = "",
    about: str = "",
) -> OutboxMail:
    """Render `mail/<template>.txt` and queue it for `user` (or a bare address `to`).

    The template's first line is `Subject: ...`, the second is empty; it is plain text, so nothing is escaped as in
    HTML. `about` is an audit subject.
    """
    address = user.email if user is not None else to
    words = {**context, "user": user, "base_url": settings.BASE_URL, "site_name": settings.SITE_NAME}
    text = Engine.get_default().get_template(f"mail/{template}.txt").render(Context(words, autoescape=False))
    heading, _, body = text.lstrip().partition("\n")
    subject = heading.removeprefix("Subject:").strip()
    return queue_text(user=user, to=address, subject=subject, body=body.strip() + "\n", now=now, about=about)


def queue_text(
    *,
    user: User | None,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    sealed_body: str = "",
    about: str = "",
) -> OutboxMail:
    """Queue a mail whose text is ready.

    `sealed_body` is sent in place of `body` where the mail holds a secret, which the portal must not show: whoever
    borrows a signed-in browser could otherwise read the link that resets the password.
    """
    return OutboxMail.objects.create(
        user=user,
        to=to,
        subject=subject[:200],
        body=body,
        sealed_body=sealed_body,
        about=about,
        created_at=now,
        next_attempt_at=now,
    )


def deliver_due(now: datetime | None = None, limit: int = 50) -> int:
    """Send what is due and return how many left; safe to run in many processes at once."""
    moment = now or timezone.now()
    due = OutboxMail.objects.filter(sent_at=None, next_attempt_at__lte=moment, attempts__lt=MAX_ATTEMPTS)
    return sum(_deliver(mail, moment) for mail in due.order_by("next_attempt_at")[:limit])


def resend(mail: OutboxMail, now: datetime) -> None:
    """Let a mail that was given up be tried again."""
    OutboxMail.objects.filter(pk=mail.pk, sent_at=None).update(attempts=0, next_attempt_at=now, last_error="")


def _deliver(mail: OutboxMail, now: datetime) -> bool:
    # Nothing is updated when another process claimed the mail first.
    claimed = OutboxMail.objects.filter(
        pk=mail.pk, sent_at=None, attempts=mail.attempts, next_attempt_at__lte=now
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + CLAIM)
    if not claimed:
        return False
    try:
        EmailMessage(mail.subject, mail.sealed_body or mail.body, settings.DEFAULT_FROM_EMAIL, [mail.to]).send()
    except (OSError, SMTPException, ValueError) as error:  # ValueError: an address or heading that cannot be written
        wait = min(timedelta(seconds=30) * 2**mail.attempts, LONGEST_WAIT)
        OutboxMail.objects.filter(pk=mail.pk).update(last_error=type(error).__name__, next_attempt_at=now + wait)
        log.warning("mail_failed", mail_id=mail.pk, error=type(error).__name__)
        return False
    kept = mail.sealed_body if settings.DEMO else ""  # the demonstration's page of mail stands for the mailbox
    OutboxMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now(), last_error="", sealed_body=kept)
    return True
