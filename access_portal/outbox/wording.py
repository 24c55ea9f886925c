"""States of mail and webhooks in plain words, with the colour of their badges."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.outbox.models import OutboxMail, WebhookDelivery
from access_portal.outbox.posting import Failure

Words = Mapping[str, tuple[str | Promise, str]]  # state -> words, kind of badge

MAIL_WORDS: Words = {
    OutboxMail.Status.WAITING: (_("Waiting"), "info"),
    OutboxMail.Status.FAILED: (_("Failed"), "danger"),
    OutboxMail.Status.SENT: (_("Sent"), "success"),
    OutboxMail.Status.CANCELLED: (_("Cancelled"), "neutral"),
}

DELIVERY_WORDS: Words = {
    WebhookDelivery.Status.WAITING: (_("Waiting"), "info"),
    WebhookDelivery.Status.RETRYING: (_("Tried again later"), "warning"),
    WebhookDelivery.Status.DELIVERED: (_("Delivered"), "success"),
    WebhookDelivery.Status.GIVEN_UP: (_("Given up"), "danger"),
}

FAILURES: Mapping[str, str | Promise] = {
    Failure.ADDRESS_REFUSED: _("the name leads into a private network, which we do not call"),
    Failure.NAME_UNKNOWN: _("nobody knows the name of the host"),
    Failure.TIMEOUT: _("no answer in time"),
    Failure.NOT_REACHABLE: _("no connection, or a certificate that is not to be trusted"),
    Failure.BAD_ANSWER: _("the answer is not HTTP"),
    Failure.SECRET_UNREADABLE: _("we cannot read our copy of the secret: rotate it"),
}
