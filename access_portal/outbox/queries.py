"""What pages read about mail and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import BooleanField, Count, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.errors import NotFoundError
from access_portal.outbox.models import OPEN_DELIVERY, OutboxMail, WebhookDelivery, WebhookEndpoint

UNSENT = Q(sent_at=None, cancelled_at=None)
MAIL_FILTERS: Mapping[str, Q] = {
    OutboxMail.Status.WAITING: UNSENT & Q(last_error=""),
    OutboxMail.Status.FAILED: UNSENT & ~Q(last_error=""),
    OutboxMail.Status.SENT: Q(sent_at__isnull=False),
    OutboxMail.Status.CANCELLED: Q(cancelled_at__isnull=False),
}


def mails_of(user: User, now: datetime) -> QuerySet[OutboxMail]:
    """Every mail written to a person, newest first; not one that was cancelled or can be until its hour comes."""
    open_to_see = Q(not_before=None) | Q(not_before__lte=now)
    return OutboxMail.objects.filter(open_to_see, user=user, cancelled_at=None).order_by("-created_at", "-pk")


def mail_log(which: str, words: str) -> QuerySet[OutboxMail]:
    """Mails in one of `MAIL_FILTERS` (or in any state), whose receiver or subject matter holds `words`; newest first.

    The texts are not loaded: they belong to their receivers. `secret_is_gone` tells that there was a sealed one.
    """
    gone = ExpressionWrapper(Q(is_sealed=True, sealed_body=""), output_field=BooleanField())
    rows = OutboxMail.objects.select_related("user").defer("body", "sealed_body").annotate(secret_is_gone=gone)
    rows = rows.filter(MAIL_FILTERS.get(which, Q())).order_by("-pk")
    if words:
        person = Q(user__username__icontains=words) | Q(user__full_name__icontains=words)
        rows = rows.filter(Q(to__icontains=words) | Q(about__icontains=words) | person)
    return rows


def mail_counts() -> dict[str, int]:
    """How many mails wait and failed: what needs somebody."""
    wanted = (OutboxMail.Status.WAITING, OutboxMail.Status.FAILED)
    return OutboxMail.objects.filter(UNSENT).aggregate(
        **{str(name): Count("pk", filter=MAIL_FILTERS[name]) for name in wanted}
    )


def endpoints() -> QuerySet[WebhookEndpoint]:
    """Those not deleted, oldest first, with how many deliveries wait."""
    opened = WebhookDelivery.objects.filter(OPEN_DELIVERY, endpoint=OuterRef("pk")).order_by()
    waiting = Subquery(opened.values("endpoint").annotate(number=Count("pk")).values("number"))
    rows = WebhookEndpoint.objects.filter(deleted_at=None).select_related("created_by")
    return rows.annotate(waiting=Coalesce(waiting, 0)).order_by("pk")


def endpoint(endpoint_id: int) -> WebhookEndpoint:
    """One of them, deleted ones included. Raises NotFoundError."""
    found = WebhookEndpoint.objects.select_related("created_by").filter(pk=endpoint_id).first()
    if found is None:
        raise NotFoundError("webhook_not_found", _("There is no such webhook."))
    return found


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """What was and will be sent to an endpoint, newest first."""
    return endpoint.deliveries.defer("payload").order_by("-pk")
