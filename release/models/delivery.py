"""Who was given which link, and what became of the file at their end."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from release.models.release import Artifact


class Mint(models.Model):
    """One download link that was made: for whom, under which grant and licence, until when.

    Never changes; where it was asked from may be forgotten.
    """

    class Via(models.TextChoices):
        PAGE = "page", _("Browser")
        HUB = "hub", _("Hub client")
        CLIENT = "client", _("Our client")

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="mints")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mints")
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="mints")
    minted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    via = models.CharField(max_length=10, choices=Via.choices, blank=True)
    counted_bytes = models.PositiveBigIntegerField(default=0)  # against the day's quota; none for the same file again

    class Meta:
        indexes = [
            models.Index(fields=["user", "minted_at"]),
            models.Index(fields=["grant", "minted_at"], name="release_mint_of_a_grant"),
            models.Index(fields=["grant", "minted_at"], condition=Q(counted_bytes__gt=0), name="release_mint_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.artifact_id} at {self.minted_at:%Y-%m-%d %H:%M}"


class FetchReport(models.Model):
    """What somebody's client found when it checked a file that it had fetched: their word, not ours.

    Never changes; with which program it was checked may be forgotten.
    """

    class Outcome(models.TextChoices):
        VERIFIED = "verified", _("Whole")
        DAMAGED = "damaged", _("Damaged")

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="reports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fetch_reports")
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="fetch_reports")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reported_at = models.DateTimeField()
    client = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [models.Index(fields=["artifact", "user"], name="release_report_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.artifact_id} {self.outcome}"
