"""A grant: a right to one model family, with a start, an end and a reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Grant(models.Model):
    """One person's right to download and run one family, under one licence version."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    number = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - made from the key just after insert
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    family = models.ForeignKey("release.Family", on_delete=models.PROTECT, related_name="grants")
    # Empty means every variant of the family.
    variants = models.ManyToManyField("release.Variant", blank=True, related_name="grants")
    application = models.OneToOneField(
        "applications.Application", on_delete=models.PROTECT, null=True, blank=True, related_name="grant"
    )
    licence_version = models.ForeignKey("licences.LicenceVersion", on_delete=models.PROTECT, related_name="grants")
    state = models.CharField(max_length=20, choices=State.choices, default=State.ACTIVE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    may_download = models.BooleanField(default=True)
    may_infer = models.BooleanField(default=True)
    token_quota = models.PositiveBigIntegerField()  # tokens of inference over the life of the grant
    state_reason = models.TextField(blank=True)  # why it was suspended or revoked; the holder reads it
    state_changed_at = models.DateTimeField(null=True, blank=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="grants_given"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="grant_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "suspended", "expired", "revoked"]), name="grant_state_known"
            ),
            models.UniqueConstraint(
                fields=["holder", "family"],
                condition=Q(state__in=["active", "suspended"]),
                name="one_live_grant_per_family",
            ),
        ]
        indexes = [models.Index(fields=["holder", "family", "state"])]

    def __str__(self) -> str:
        return self.number or f"grant {self.pk}"


LIVE_STATES = (Grant.State.ACTIVE, Grant.State.SUSPENDED)  # of which a person holds at most one for each family
