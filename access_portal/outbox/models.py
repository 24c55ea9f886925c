"""Mail waiting to leave, written in the transaction that caused it, and kept as it was sent."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class OutboxMail(models.Model):
    """One rendered mail; the same text is shown to its receiver in the portal."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="mails"
    )
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()  # what the portal shows
    # What the mail says instead, where it holds a one-time link or code; wiped once it has left.
    sealed_body = models.TextField(blank=True)
    about = models.CharField(max_length=80, blank=True)  # an audit subject: `application:GH-2026-00001`
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sent_at", "next_attempt_at"])]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"
