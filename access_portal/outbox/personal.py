"""What the outbox holds on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.outbox.models import WebhookEndpoint
from access_portal.outbox.queries import mails_of
from access_portal.privacy.section import Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="mail",
        title=_("Mail that we wrote to you"),
        purpose=_("So that nothing depends on the arrival of a mail, and to be able to show what was said."),
        kept_for=_("The text for a year; that it was sent, until you close your account."),
        seen_by=_("You. Operators see to whom a mail went and whether it left, not its text."),
        held=(held("mails", mails_of(user, now), "to", "subject", "body", "created_at", "sent_at"),),
        left_out=_("Links that worked once: they are wiped when the mail has left."),
    )
    yield Section(
        key="webhooks",
        title=_("Webhooks that you set up"),
        purpose=_("To tell other systems of events, and you when that fails."),
        kept_for=_("As long as they are in use; the record of each delivery for 90 days."),
        seen_by=_("Operators."),
        held=(
            held(
                "webhooks", WebhookEndpoint.objects.filter(created_by=user).order_by("pk"), "url", "wants",
                "created_at", "disabled_at", "deleted_at",
            ),
        ),
    )  # fmt: skip
