"""A member of a lab grant: invited by mail, joined by accepting the licence in person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class GrantMember(models.Model):
    """One person's place in a lab grant; the holder is not a row here. A removed place stays on record."""

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="members")
    email = models.EmailField()  # that was invited; the account that joins may have another
    name = models.CharField(max_length=200, blank=True)  # as the holder wrote it
    token_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the link's secret; empty once it is used
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="members_invited")
    invited_at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    joined_at = models.DateTimeField(null=True, blank=True)
    acceptance = models.ForeignKey(
        "licences.LicenceAcceptance", on_delete=models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="members_removed"
    )
    removed_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "grant",
                condition=Q(removed_at__isnull=True) & ~Q(email=""),
                name="one_place_per_address",
            ),
            models.UniqueConstraint(
                fields=["grant", "user"],
                condition=Q(removed_at__isnull=True, user__isnull=False),
                name="one_place_per_person",
            ),
            models.UniqueConstraint(
                fields=["token_digest"], condition=~Q(token_digest=""), name="member_token_digest_once"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, joined_at__isnull=True, acceptance__isnull=True)
                | Q(user__isnull=False, joined_at__isnull=False, acceptance__isnull=False),
                name="member_joins_by_accepting",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="member_removed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["user", "removed_at"])]

    def __str__(self) -> str:
        return f"{self.email} in grant {self.grant_id}"
