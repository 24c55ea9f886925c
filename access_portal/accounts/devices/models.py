"""What a program without a browser asked for, and what a person answered in theirs (RFC 8628)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DeviceRequest(models.Model):
    """One sign-in that a program asked for. Of both its codes only digests are kept.

    The token is made when the program fetches it, since its secret is shown once and kept nowhere.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for an answer")
        ALLOWED = "allowed", _("Allowed, and not fetched yet")
        REFUSED = "refused", _("Refused")
        USED = "used", _("Signed in")

    device_digest = models.CharField(max_length=64, unique=True)  # of the code that the program keeps
    code_digest = models.CharField(max_length=64, unique=True)  # of the short one that the person types
    client_name = models.CharField(max_length=80)  # as the program calls itself
    scopes = models.JSONField()  # that it asked for
    address = models.GenericIPAddressField(null=True)  # it asked from here
    user_agent = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    interval_seconds = models.PositiveSmallIntegerField()  # that it has to leave between two questions
    polled_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="device_requests"
    )  # who answered
    answered_at = models.DateTimeField(null=True)
    given_scopes = models.JSONField(default=list)
    token_name = models.CharField(max_length=80, blank=True)
    token_days = models.PositiveSmallIntegerField(null=True)
    token = models.OneToOneField("accounts.ApiToken", on_delete=models.SET_NULL, null=True, related_name="asked_by")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "allowed", "refused", "used"]), name="device_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", user__isnull=True, answered_at__isnull=True)
                | (~Q(state="waiting") & Q(user__isnull=False, answered_at__isnull=False)),
                name="device_answered_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"])]

    def __str__(self) -> str:
        return f"device request {self.pk}"

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late for an answer, and for fetching what was allowed."""
        return now >= self.expires_at
