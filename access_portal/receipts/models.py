"""Receipts as they were signed: the same state gives the same file again, until its text is forgotten with a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Receipt(models.Model):
    """One signed statement, about a grant or about an acceptance; `content_sha256` is of what it says, undated."""

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, null=True, blank=True, related_name="receipts")
    acceptance = models.ForeignKey(
        "licences.LicenceAcceptance", on_delete=models.PROTECT, null=True, blank=True, related_name="receipts"
    )
    content_sha256 = models.CharField(max_length=64)
    jws = models.TextField()
    key_id = models.CharField(max_length=64)  # RFC 7638 thumbprint of the public key
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(grant__isnull=True, acceptance__isnull=False)
                | Q(grant__isnull=False, acceptance__isnull=True),
                name="receipt_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["grant", "content_sha256", "key_id"],
                condition=~Q(jws=""),
                name="receipt_once_per_state_of_grant",
            ),
            models.UniqueConstraint(
                fields=["acceptance", "content_sha256", "key_id"],
                condition=~Q(jws=""),
                name="receipt_once_per_acceptance",
            ),
        ]

    def __str__(self) -> str:
        return f"receipt of {'grant' if self.grant_id else 'acceptance'} {self.grant_id or self.acceptance_id}"
