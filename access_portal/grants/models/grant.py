"""A grant: a right to one model family, with a start, an end and a reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Grant(models.Model):
    """A right of one person, or of a lab that one person answers for, to one family under one licence version.

    What it gives is frozen by a trigger as soon as it has its number; only its state moves, and its quotas. A renewal
    is another grant, which supersedes this one.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")
        SUPERSEDED = "superseded", _("Replaced by a later grant")
        SURRENDERED = "surrendered", _("Given back")
        UNDONE = "undone", _("Undone before it was announced")

    class Kind(models.TextChoices):
        PERSON = "person", _("For one person")
        LAB = "lab", _("For a lab")

    number = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - made from the key just after insert
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    lab_name = models.CharField(max_length=200, blank=True)
    family = models.ForeignKey("release.Family", on_delete=models.PROTECT, related_name="grants")
    whole_family = models.BooleanField()  # every size, also those that come later; else only `variants`
    variants = models.ManyToManyField("release.Variant", blank=True, related_name="grants")
    # An undone decision may be followed by another one; a renewal has none, or that of the grant before it.
    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, null=True, blank=True, related_name="grants"
    )
    supersedes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    licence_version = models.ForeignKey("licences.LicenceVersion", on_delete=models.PROTECT, related_name="grants")
    state = models.CharField(max_length=20, choices=State.choices, default=State.ACTIVE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    may_download = models.BooleanField(default=True)
    may_infer = models.BooleanField(default=True)
    token_quota = models.PositiveBigIntegerField()  # tokens of inference over the life of the grant
    bytes_per_day = models.PositiveBigIntegerField(null=True, blank=True)  # of downloads; None: as the house has it
    state_reason = models.TextField(blank=True)  # why it was suspended or revoked; the holder reads it
    state_changed_at = models.DateTimeField(null=True, blank=True)
    suspended_until = models.DateTimeField(null=True, blank=True)  # when the suspension is looked at again
    attest_due_at = models.DateTimeField(null=True, blank=True)  # by when the holder says again that all is well
    version = models.PositiveIntegerField(db_default=1)  # what a person saw when they acted: one more for each change
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="grants_given"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="grant_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_a_reason"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["active", "suspended", "expired", "revoked", "superseded", "surrendered", "undone"]
                ),
                name="grant_state_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="person", lab_name="") | (Q(kind="lab") & ~Q(lab_name="")),
                name="grant_of_a_lab_names_it",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("pk")), name="grant_supersedes_another"
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

    @property
    def subject(self) -> str:
        """The name of this grant's chain in the event log."""
        return f"grant:{self.number}"


LIVE_STATES = (Grant.State.ACTIVE, Grant.State.SUSPENDED)  # of which a person holds at most one for each family
