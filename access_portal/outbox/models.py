"""What waits to leave: mail and webhooks, written in the transaction that caused them and kept as they were sent."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

MAIL_ATTEMPTS = 12  # of the senders, until a mail is given up


class OutboxMail(models.Model):
    """One rendered mail; the same text is shown to its receiver in the portal."""

    class Status(models.TextChoices):
        """What the log of mail tells apart; worked out from the columns, never stored."""

        WAITING = "waiting"
        FAILED = "failed"  # the last attempt did; it is tried again or was given up
        SENT = "sent"
        CANCELLED = "cancelled"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="mails"
    )
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()  # what the portal shows
    # What the mail says instead, where it holds a one-time link or code; wiped once it has left or was given up.
    sealed_body = models.TextField(blank=True)
    is_sealed = models.BooleanField(default=False)  # there was such a text, even if it is wiped by now
    about = models.CharField(max_length=80, blank=True)  # an audit subject: `application:GH-2026-00001`
    template = models.CharField(max_length=80, blank=True)  # empty for a text that came ready
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(null=True, blank=True)  # until then it can be cancelled and nobody sees it
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)  # empty while a sender holds the mail
    sent_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["sent_at", "next_attempt_at"]),
            models.Index(fields=["about"], name="outbox_mail_about"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(cancelled_at=None), name="no_mail_is_both_sent_and_cancelled"
            )
        ]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"

    @property
    def status(self) -> OutboxMail.Status:
        if self.sent_at is not None:
            return self.Status.SENT
        if self.cancelled_at is not None:
            return self.Status.CANCELLED
        return self.Status.FAILED if self.last_error else self.Status.WAITING

    @property
    def is_given_up(self) -> bool:
        """Whether no sender will try again by itself."""
        return self.status == self.Status.FAILED and self.attempts >= MAIL_ATTEMPTS


class WebhookEndpoint(models.Model):
    """An address that is told of events, and by which secret it knows that we told it."""

    url = models.CharField(max_length=500)
    wants = models.JSONField()  # event types, or beginnings such as `application.*`
    sealed_secret = models.TextField()  # encrypted, see `sealing.py`
    sealed_old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)  # both secrets sign until then
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="webhook_endpoints"
    )  # who is told when it fails
    created_at = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)  # disabled for ever; the record of deliveries stays
    last_delivered_at = models.DateTimeField(null=True, blank=True)
    owner_told_at = models.DateTimeField(null=True, blank=True)  # of deliveries given up since the last success

    def __str__(self) -> str:
        return f"webhook {self.pk}"

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None and self.deleted_at is None

    def is_interested_in(self, event_type: str) -> bool:
        """Whether one of its wishes names this type or a beginning of it."""
        return any(
            event_type.startswith(wish.removesuffix("*")) if wish.endswith(".*") else event_type == wish
            for wish in self.wants
        )

    def has_old_secret(self, now: datetime) -> bool:
        """Whether the secret before the present one still signs too."""
        return bool(self.sealed_old_secret) and self.old_secret_until is not None and now < self.old_secret_until


OPEN_DELIVERY = Q(delivered_at=None, given_up_at=None)


class WebhookDelivery(models.Model):
    """One event for one endpoint; its `event_id` stays the same however often it is sent."""

    class Status(models.TextChoices):
        """What the page tells apart; worked out from the columns, never stored."""

        WAITING = "waiting"
        RETRYING = "retrying"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries")
    event_id = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)  # an audit subject; its deliveries leave one after another
    type = models.CharField(max_length=80)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=40, blank=True)  # a code of `posting.Failure`
    delivered_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_delivery_of_an_event_to_an_endpoint"),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(given_up_at=None), name="no_delivery_is_both_made_and_given_up"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=OPEN_DELIVERY, name="webhook_due"),
            models.Index(fields=["endpoint", "subject"], condition=OPEN_DELIVERY, name="webhook_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to webhook {self.endpoint_id}"

    @property
    def status(self) -> WebhookDelivery.Status:
        if self.delivered_at is not None:
            return self.Status.DELIVERED
        if self.given_up_at is not None:
            return self.Status.GIVEN_UP
        return self.Status.RETRYING if self.attempts else self.Status.WAITING
