"""A lab passes to another person who answers for it, with the consent of the office."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Transfer(models.Model):
    """A request that a member of the lab becomes its holder, and the answer. The request and the answer stay."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting for an answer")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="transfers")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers_to")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers_asked")
    asked_at = models.DateTimeField()
    reason = models.TextField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    text = models.TextField(blank=True)  # of the answer; those concerned read it
    new_grant = models.OneToOneField(
        "grants.Grant", on_delete=models.PROTECT, null=True, blank=True, related_name="transfer_of"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "approved", "refused"]), name="transfer_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="asked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="transfer_decision_has_a_name_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", new_grant__isnull=False)
                | (~Q(state="approved") & Q(new_grant__isnull=True)),
                name="transfer_approved_gives_a_grant",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("to"))),
                name="nobody_approves_their_own_transfer",
            ),
            models.UniqueConstraint(fields=["grant"], condition=Q(state="asked"), name="one_open_transfer_per_grant"),
        ]

    def __str__(self) -> str:
        return f"transfer of grant {self.grant_id}"
