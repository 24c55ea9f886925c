"""Mail is queued in the transaction that caused it and leaves afterwards; a failed mail is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template import Context, Engine
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.names import one_line
from access_portal.accounts.pseudonyms import is_gone_address
from access_portal.outbox.models import MAIL_ATTEMPTS, OutboxMail

log = structlog.get_logger(__name__)

CLAIM = timedelta(minutes=2)  # how long one sender has before another may take the mail over
LONGEST_WAIT = timedelta(hours=4)
SENDER_DIED = "SenderDied"  # stands in `last_error` beside the names of exceptions


def queue_mail(
    *,
    template: str,
    context: dict[str, Any],
    now: datetime,
    user: User | None = None,
    to: str = "",
    language: str = "",
    about: str = "",
    not_before: datetime | None = None,
    sealed: Mapping[str, str] | None = None,
) -> OutboxMail:
    """Render `mail/<template>.txt` and queue it for `user` (or a bare address `to`), in the language of the reader.

    The template's first line is `Subject: ...`, the second is empty; it is plain text, so nothing is escaped as in
    HTML. `about` is an audit subject. `language` is that of a reader without an account, the site's own if empty.
    Until `not_before` the mail stays, and can be cancelled. `sealed` are words of the context that only the mail itself
    may hold, such as a one-time link (see `queue_text`).
    """
    spoken = user.language if user is not None else language or settings.LANGUAGE_CODE
    words = {"user": user, **context, "base_url": settings.BASE_URL, "site_name": settings.SITE_NAME}
    with translation.override(spoken):
        hidden = dict.fromkeys(sealed or {}, _("(shown only in the mail itself)"))
        subject, body = _render(template, {**words, **hidden})
        sealed_body = _render(template, {**words, **sealed})[1] if sealed else ""
    return queue_text(
        user=user,
        to=user.email if user is not None else to,
        subject=subject,
        body=body,
        sealed_body=sealed_body,
        now=now,
        about=about,
        template=template,
        not_before=not_before,
    )


def _render(template: str, words: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and body."""
    text = Engine.get_default().get_template(f"mail/{template}.txt").render(Context(words, autoescape=False))
    heading, _break, body = text.lstrip().partition("\n\n")  # not at a line break, which a name might hold
    return heading.removeprefix("Subject:"), body.strip() + "\n"


def queue_text(
    *,
    user: User | None,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    sealed_body: str = "",
    about: str = "",
    template: str = "",
    not_before: datetime | None = None,
) -> OutboxMail:
    """Queue a mail whose text is ready.

    `sealed_body` is sent in place of `body` where the mail holds a secret, which the portal must not show: whoever
    borrows a signed-in browser could otherwise read the link that resets the password. To somebody who closed their
    account nothing is sent, and no text is kept.
    """
    gone = is_gone_address(to)
    if gone:
        body = sealed_body = ""
    return OutboxMail.objects.create(
        user=user,
        to=to,
        subject=one_line(subject)[:200],
        body=body.replace("\x00", ""),  # which PostgreSQL cannot keep
        sealed_body=sealed_body,
        is_sealed=bool(sealed_body),
        about=about,
        template=template,
        created_at=now,
        not_before=not_before,
        next_attempt_at=now if not_before is None else max(now, not_before),
        cancelled_at=now if gone else None,
    )


def cancel(*, mail: OutboxMail, now: datetime) -> bool:
    """Stop a mail for ever and say whether that was in time: no sender had taken it up.

    To be called inside the transaction that takes the cause back, so that both happen or neither.
    """
    return bool(_cancel(now, pk=mail.pk))


def cancel_unsent(*, about: str, template: str, now: datetime) -> int:
    """Stop the mails of this template about one subject that no sender has taken up; returns how many."""
    return _cancel(now, about=about, template=template)


def _cancel(now: datetime, **which: Any) -> int:
    # Senders ask in the same way for a row that is not cancelled: whoever changes it first decides.
    untouched = OutboxMail.objects.filter(**which, attempts=0, sent_at=None, cancelled_at=None)
    return untouched.update(cancelled_at=now, sealed_body="")


def deliver_due(now: datetime | None = None, limit: int = 50) -> int:
    """Send what is due and return how many left; safe to run in many processes at once."""
    moment = now or timezone.now()
    unsent = OutboxMail.objects.filter(sent_at=None, cancelled_at=None, next_attempt_at__lte=moment)
    # No sender came back from the last attempt.
    unsent.filter(attempts__gte=MAIL_ATTEMPTS, last_error="").update(last_error=SENDER_DIED, sealed_body="")
    due = unsent.filter(attempts__lt=MAIL_ATTEMPTS).order_by("next_attempt_at")
    return sum(_deliver(mail, moment) for mail in due[:limit])


def _deliver(mail: OutboxMail, now: datetime) -> bool:
    # Nothing is updated when another process claimed or cancelled the mail first.
    claimed = OutboxMail.objects.filter(
        pk=mail.pk, sent_at=None, cancelled_at=None, attempts=mail.attempts, next_attempt_at__lte=now
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + CLAIM, last_error="")
    if not claimed:
        return False
    try:
        _send(mail)
    except (OSError, SMTPException, ValueError) as error:  # ValueError: an address or heading that cannot be written
        _put_off(mail, type(error).__name__, now)
        return False
    kept = mail.sealed_body if settings.DEMO else ""  # the demonstration's page of mail stands for the mailbox
    OutboxMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now(), last_error="", sealed_body=kept)
    return True


def _send(mail: OutboxMail) -> None:
    reply_to = [settings.REPLY_TO] if settings.REPLY_TO else None
    body = mail.sealed_body or mail.body
    EmailMessage(mail.subject, body, settings.DEFAULT_FROM_EMAIL, [mail.to], reply_to=reply_to).send()


def _put_off(mail: OutboxMail, error: str, now: datetime) -> None:
    """Try again later, or give up and forget the secret, whose link is dead by then."""
    attempts = mail.attempts + 1
    wait = min(timedelta(seconds=30) * 2**mail.attempts, LONGEST_WAIT)
    kept = "" if attempts >= MAIL_ATTEMPTS else mail.sealed_body
    # A sender that was so slow that another took over has no say any more.
    mine = OutboxMail.objects.filter(pk=mail.pk, attempts=attempts, sent_at=None)
    mine.update(last_error=error, next_attempt_at=now + wait, sealed_body=kept)
    log.warning("mail_failed", mail_id=mail.pk, attempts=attempts, error=error)
